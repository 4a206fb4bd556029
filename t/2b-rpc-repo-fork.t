#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# fork_repo and delete_repo (contract 02 §5, §12; 01 §5, §6; 05 OPEN-5, OPEN-9).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(ann bob eve);
my $ROOT = "$t->{dir}/data/repos";
my $FORBIDDEN = 'Access was denied to this resource.';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub fork_as {
    my ($as, $name, %args) = @_;
    return $t->call(fork_repo => { repoid => 'src', fork_name => $name, %args }, as => $as)
}
sub delete_as { my ($as, $repo, %args) = @_; return $t->call(delete_repo => { repoid => $repo, %args }, as => $as) }
sub repo { return $t->must(get_repo => { repoid => $_[0] }) }
sub names { return join ' ', sort map { $_->{repo_name} } @{ $t->must('get_repos') } }
sub refs { return $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags') }
sub rows {
    return join ', ', map { "$_->{name} $_->{permission}" } grep { $_->{origin} eq 'permission' }
        @{ repo($_[0])->{members} }
}

# Takes global permissions away for a while.
sub without {
    my ($name, $code) = @_;
    (my $none = $name) =~ s/[^.]+$/none/;
    $t->sql("UPDATE user_global_permission SET name = '$none' WHERE name = '$name'");
    $code->();
    $t->sql("UPDATE user_global_permission SET name = '$name' WHERE name = '$none'");
}

my $src = $t->repo('src', commits => 60,
    args => { owner => 'ann', description => 'Source', enable_downloads => $true });
$t->git($src->{path}, 'symbolic-ref', 'HEAD', 'refs/heads/side');
my $blob = $t->git($src->{work}, 'hash-object', '-w', '.git/HEAD');
chomp $blob;
$t->git($src->{work}, 'tag', 'of-a-blob', $blob);
$t->git($src->{work}, 'push', '-q', $src->{path}, '--tags');
$t->must(grant_user_permission => { repoid => 'src', userid => 'bob', perm => 'repository.write' });

subtest 'fork_repo: result, row, content' => sub {
    is_deeply fork_as('admin', '/x//copy/'), { id => 1, error => undef, result => {
        msg => 'Created fork of `src` as `x/copy`', success => $true, task => undef } }, 'answer, name cleaned';
    my $fork = repo('x/copy');
    is_deeply [@$fork{qw(repo_name repo_type owner fork_of description clone_uri private enable_downloads
        enable_locking)}],
        ['x/copy', 'git', 'admin', 'src', '', '', $false, $false, $false], 'repo_obj';
    is_deeply $fork->{landing_rev}, ['rev', 'tip'], 'landing_rev';
    is_deeply [map { $_->{username} } @{ $fork->{followers} }], ['admin'], 'the owner follows it';
    is rows('x/copy'), 'default repository.read', 'default row of a new repository';
    is refs("$ROOT/x/copy"), refs($src->{path}), 'all branches and tags';
    is $t->git("$ROOT/x/copy", 'symbolic-ref', 'HEAD'), "refs/heads/side\n", 'HEAD';
    is $t->git("$ROOT/x/copy", qw(fsck --full --strict)), '', 'git finds it whole';
    is $t->git("$ROOT/x/copy", qw(cat-file -p of-a-blob)), "ref: refs/heads/master\n", 'a tag of a blob, too';
    ok !-e "$ROOT/x/copy/objects/info/alternates", 'it borrows nothing';
    my $tip = (split ' ', $t->git($src->{path}, qw(rev-list --date-order --branches --tags -1)))[0];
    is $fork->{last_changeset}{raw_id}, $tip, 'last_changeset';
    is $t->get("/x/copy/changeset-diff/$tip")->body, $t->get("/src/changeset-diff/$tip")->body, 'views';
    is $t->must(get_repo_changeset => { repoid => 'x/copy', revision => '7' })->{raw_id},
        $t->must(get_repo_changeset => { repoid => 'src', revision => '7' })->{raw_id}, 'the same order';
    is fork_as('bob', 'all', description => 'D', private => 'yes', landing_rev => 'branch:side',
        copy_permissions => 'true')->{error},
        undef, 'all arguments';
    $fork = repo('all');
    is_deeply [@$fork{qw(owner description private)}, $fork->{landing_rev}[1]], ['bob', 'D', $true, 'side'],
        'what became of them';
    is rows('all'), 'default repository.none, bob repository.write', 'rows of the source; private: default none';
    is fork_as('admin', 'open', copy_permissions => 'true', owner => $id{eve})->{error}, undef, 'owner by id';
    is rows('open'), 'default repository.read, bob repository.write', 'rows of the source';
    is repo('open')->{owner}, 'eve', 'owner';
    is fork_as('admin', 'of-a-fork', repoid => 'open')->{error}, undef, 'a fork of a fork';
    is repo('of-a-fork')->{fork_of}, 'open', 'its parent';
};

subtest 'fork_repo: sources of all kinds' => sub {
    $t->repo('empty', empty => 1);
    is fork_as('admin', 'empty-fork', repoid => 'empty')->{error}, undef, 'empty';
    is repo('empty-fork')->{last_changeset}{revision}, -1, 'stays empty';
    $t->git($src->{path}, qw(repack -a -d -q));
    $t->git($src->{path}, qw(pack-refs --all));
    is fork_as('admin', 'packed')->{error}, undef, 'packed';
    is $t->git("$ROOT/packed", qw(fsck --full --strict)), '', 'whole';
    is refs("$ROOT/packed"), refs($src->{path}), 'packed references';
    # Objects behind its back: borrowed ones are packed into the fork.
    $t->repo('borrower', empty => 1);
    open my $fh, '>', "$ROOT/borrower/objects/info/alternates" or die $!;
    print $fh "../../src/objects\n";
    close $fh;
    $t->git("$ROOT/borrower", 'update-ref', "refs/heads/master", (split ' ', refs($src->{path}))[0]);
    is fork_as('admin', 'lender', repoid => 'borrower')->{error}, undef, 'one that borrows objects';
    ok !-e "$ROOT/lender/objects/info/alternates", 'borrows nothing';
    rename $src->{path}, "$src->{path}.away" or die $!;
    is $t->git("$ROOT/lender", qw(fsck --full --strict)), '', 'whole without the lender';
    is fork_as('admin', 'nothing')->{error}, 'failed to fork repository `src` as `nothing`',
        'a source that is not there';
    rename "$src->{path}.away", $src->{path} or die $!;
    system 'rm', '-rf', "$ROOT/borrower";
    delete_as('admin', 'borrower', forks => 'detach');
    is repo('lender')->{fork_of}, undef, 'detached';
};

subtest 'fork_repo: who, messages, in their order' => sub {
    my @before = names();
    without('hg.fork.repository', sub {
        is fork_as('bob', 'f')->{error}, $FORBIDDEN, 'no hg.fork.repository';
        is fork_as('bob', 'f', repoid => 'nope', owner => 'x')->{error}, $FORBIDDEN, 'before the source is looked for';
        is fork_as('ann', 'f')->{error}, $FORBIDDEN, 'the source\'s admin neither';
    });
    is fork_as('bob', 'f', repoid => 'nope', owner => 'x')->{error}, 'repository `nope` does not exist',
        'unknown source';
    is fork_as('eve', 'src', repoid => 'all', owner => 'x')->{error}, 'repository `all` does not exist',
        'one he may not read';
    is fork_as('bob', 'src', owner => 'bob')->{error}, 'Only RhodeCode admin can specify `owner` param', 'owner';
    is fork_as('bob', 'src')->{error}, 'repo `src` already exist', 'a taken name';
    is fork_as('bob', '/src/')->{error}, 'repo `src` already exist', 'cleaned';
    is fork_as('bob', 'x/copy')->{error}, 'fork `x/copy` already exist', 'taken by a fork';
    is fork_as('admin', 'src', owner => 'nobody')->{error}, 'repo `src` already exist', 'before the owner';
    is fork_as('admin', 'f', owner => 'nobody')->{error}, 'user `nobody` does not exist', 'unknown owner';
    without('hg.create.repository', sub {
        is fork_as('bob', 'f')->{error}, $FORBIDDEN, 'no hg.create.repository, no group';
        is fork_as('bob', 'none/f')->{error}, 'repository group `none` does not exist', 'unknown group';
        is fork_as('bob', 'x/f')->{error}, 'repository group `x` does not exist', 'a group that is not his: the same';
        is fork_as('bob', 'x/copy')->{error}, 'repository group `x` does not exist', 'told nothing of what is taken';
        $t->sql("INSERT INTO user_repo_group_permission (group_id, user_id, level) SELECT group_id, $id{bob}, 4
            FROM repo_group WHERE group_name = 'x'");
        is fork_as('bob', 'x/bobs')->{error}, undef, 'group.admin';
    });
    is fork_as('bob', 'new/deep/f')->{error}, undef, 'groups are made on the way';
    $t->git('.', 'init', '-q', '--bare', "$ROOT/in the way"); # that rescan_repos has not seen; t/5b has other folders
    for my $name ('', '/', '.', '..', '_x', '123', 'a:b', 'x', 'in the way', 'src/below', undef, ['x']) {
        my $clean = ref $name ? '["x"]' : defined $name ? join '/', grep { length } split m{/}, $name : 'None';
        my $error = fork_as('admin', $name)->{error};
        $error =~ s/\[ "x" \]/["x"]/;
        is $error, "failed to fork repository `src` as `$clean`", 'unusable: ' . ($name // 'null');
    }
    is fork_as('admin', 'f', landing_rev => 'tip')->{error}, 'failed to fork repository `src` as `f`', 'landing_rev';
    is $t->call(fork_repo => { repoid => 'src' })->{error}, 'Missing non optional `fork_name` arg in JSON DATA',
        'missing';
    is_deeply [grep { !/\.done$/ } glob "$ROOT/.rc_tmp/*"], [], 'no work folder stays behind';
    system 'rm', '-r', "$ROOT/in the way";
};

subtest 'delete_repo: forks' => sub {
    is delete_as('admin', 'src')->{error}, 'Cannot delete `src` it still contains attached forks', 'attached forks';
    is delete_as('admin', 'src', forks => $_)->{error}, 'Cannot delete `src` it still contains attached forks',
        "forks $_"
        for 'Delete', 'x', '';
    is delete_as($_, 'src', forks => 'detach')->{error}, 'repository `src` does not exist', "refused: $_"
        for qw(bob eve);
    is delete_as('admin', 'nope')->{error}, 'repository `nope` does not exist', 'unknown';
    is delete_as('admin', 'src', forks => {})->{error}, 'failed to delete repository `src`', 'forks is no text';
    my $tip = (split ' ', refs($src->{path}))[0];
    is $t->get("/src/changeset-diff/$tip")->status, 200, 'URL before';
    my $direct = grep { ($_->{fork_of} // '') eq 'src' } @{ $t->must(get_repos => {}, as => 'ann') };
    is_deeply delete_as('ann', 'src', forks => 'detach')->{result},
        { msg => "Deleted repository `src` Detached $direct forks", success => $true }, 'detach, by its owner';
    is $t->get("/src/changeset-diff/$tip", as => 'ann')->status, 404, 'URL after';
    is repo('x/copy')->{fork_of}, undef, 'fork_of is cleared';
    is $t->git("$ROOT/x/copy", qw(fsck --full --strict)), '', 'forks live on';
    ok !-e "$ROOT/src", 'the folder is gone';
    my ($kept) = map { s{.*/}{}r } glob "$ROOT/rm__*__src";
    like $kept, qr/^rm__\d{8}_\d{6}_\d{6}__src$/, 'kept under another name';
    system 'rm', '-rf', "$ROOT/$kept";
    is $t->git("$ROOT/x/copy", qw(fsck --full --strict)), '', 'even when that is removed';
    is $t->call(get_repo_changeset => { repoid => 'x/copy', revision => 'tip' })->{error}, undef, 'and can be read';
    is delete_as('admin', 'open', forks => 'delete')->{result}{msg}, 'Deleted repository `open` Deleted 1 forks',
        'delete';
    unlike names(), qr/of-a-fork/, 'the fork went with it';
    fork_as('admin', "chain$_", repoid => $_ == 1 ? 'x/copy' : 'chain' . ($_ - 1)) for 1 .. 3;
    is delete_as('admin', 'x/copy', forks => 'delete')->{result}{msg}, 'Deleted repository `x/copy` Deleted 1 forks',
        'forks of forks';
    unlike names(), qr/chain/, 'all went';
    is_deeply [map { s{.*__}{}r } glob("$ROOT/rm__*chain*"), glob "$ROOT/x/rm__*"], [qw(chain1 chain2 chain3 copy)],
        'kept, each in its folder';
};

subtest 'delete_repo: forks of others' => sub {
    my $lock = sub { $t->must(update_repo => { repoid => $_, private => 'true' }) for @_ };
    # p: ann's; a: hers, seen: bob's, open to her; hidden: bob's; below: hers, of hidden; of-a: bob's

    my $family = sub {
        my ($p) = @_;
        $t->must(create_repo => { repo_name => $p, repo_type => 'git', owner => 'ann' });
        $t->must(fork_repo => { repoid => "$p$_->[0]", fork_name => "$p-$_->[1]", owner => $_->[2] })
            for ['', 'a', 'ann'], ['', 'seen', 'bob'], ['', 'hidden', 'bob'], ['-hidden', 'below', 'ann'],
            ['-a', 'of-a', 'bob'], ['-a', 'aa', 'ann'];
        $lock->("$p-hidden");
    };
    my $left = sub { my ($p) = @_; join ' ', map { s/^$p-//r } grep { /^\Q$p\E(?:-|$)/ } split ' ', names() };
    $family->('p');
    is delete_as('ann', 'p')->{error}, 'Cannot delete `p` it still contains attached forks', 'forks that she sees';
    is delete_as('ann', 'p', forks => 'delete')->{result}{msg}, 'Deleted repository `p` Deleted 1 forks',
        'delete tells of hers';
    is $left->('p'), 'below hidden of-a seen', 'and takes only those that she administers';
    is repo("p-$_")->{fork_of}, undef, "$_ is detached" for qw(hidden seen of-a);
    is repo('p-below')->{fork_of}, 'p-hidden', 'a fork of what stays is not touched';
    $family->('q');
    is delete_as('ann', 'q', forks => 'detach')->{result}{msg}, 'Deleted repository `q` Detached 2 forks',
        'detach counts what she sees';
    is repo('q-hidden')->{fork_of}, undef, 'and detaches all';
    $family->('r');
    is delete_as('admin', 'r', forks => 'delete')->{result}{msg}, 'Deleted repository `r` Deleted 3 forks',
        'a super-admin sees and deletes all';
    is $left->('r'), '', 'forks of forks, too';
    $t->must(create_repo => { repo_name => 's', repo_type => 'git', owner => 'ann' });
    $t->must(fork_repo => { repoid => 's', fork_name => 's-hidden', owner => 'bob' });
    $lock->('s-hidden');
    is_deeply delete_as('ann', 's')->{result}, { msg => 'Deleted repository `s`', success => $true },
        'a hidden fork stands in no way';
    is repo('s-hidden')->{fork_of}, undef, 'and lives on';
    is fork_as('eve', 'p-hidden', repoid => 'q-seen')->{error}, 'repo `p-hidden` already exist',
        'a hidden name that is taken';
    $t->must(update_repo => { repoid => 'p-hidden', fork_of => 'q-seen' });
    is fork_as('eve', 'p-hidden', repoid => 'q-seen')->{error}, 'repo `p-hidden` already exist',
        'does not tell whether it is a fork';
};

subtest 'delete_repo: what else' => sub {
    $t->must(create_repo => { repo_name => $_, repo_type => 'git', owner => 'ann' }) for 'd', 'x/d', 'gone';
    my $d = repo('d')->{repo_id};
    is delete_as('ann', $d)->{result}{msg}, 'Deleted repository `d`', 'by id, no suffix';
    is delete_as('admin', 'x/d', forks => 'detach')->{result}{msg}, 'Deleted repository `x/d` Detached 0 forks',
        'detach without forks';
    is $t->sql("SELECT count(*) FROM user_repo_permission WHERE repo_id = $d") + 0, 0, 'no permission rows stay';
    is $t->sql("SELECT count(*) FROM repo_following WHERE repo_id = $d") + 0, 0, 'nor followers';
    is $t->call(create_repo => { repo_name => 'd', repo_type => 'git' })->{error}, undef, 'the name is free';
    cmp_ok repo('d')->{repo_id}, '>', $d, 'the id is not given again';
    system 'rm', '-rf', "$ROOT/gone";
    is delete_as('admin', 'gone')->{error}, undef, 'one whose folder is gone';
    my $long = "\x{fc}" x 120;
    $t->must(create_repo => { repo_name => $long, repo_type => 'git' });
    is delete_as('admin', $long)->{error}, undef, 'a long name';
    is scalar(my @kept = glob "$ROOT/rm__*__\xc3*"), 1, 'kept, its name cut';
    $t->sql("INSERT INTO journal (user_id, username, repo_id, repo_name, action, created_on)
        SELECT $id{ann}, 'ann', repo_id, repo_name, 'x', 1 FROM repo WHERE repo_name = 'd'");
    is delete_as('admin', 'd')->{error}, undef, 'with a journal';
    is $t->sql("SELECT repo_name, repo_id FROM journal WHERE action = 'x'"), "d|\n",
        'whose entries stay, with the name';
    is $t->call('delete_repo')->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
    chomp(my $rights = sprintf '%o', (stat $ROOT)[2] & 07777);
    $t->must(create_repo => { repo_name => 'stuck', repo_type => 'git' });
    chmod 0555, $ROOT;
    is delete_as('admin', 'stuck')->{error}, 'failed to delete repository `stuck`', 'a folder that cannot be renamed';
    chmod oct $rights, $ROOT;
    is repo('stuck')->{repo_name}, 'stuck', 'the row stays';
    is delete_as('admin', 'stuck')->{error}, undef, 'later it works';
};

is $t->admin('check'), '', 'database and disk agree';
$t->done;
done_testing;
