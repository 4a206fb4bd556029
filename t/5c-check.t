#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin check opens every repository and gist, knows the states that are legal, says what is
# wrong and what to do, and --repair does what can be done.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $ROOT = "$t->{dir}/data/repos";
my $text = { f => { content => 'text' } };

sub check { my $r = $t->try_admin('check', @_); return $r->{out} }
sub ok_check {
    my ($want, $name) = @_;
    my $got = check();
    ref $want ? like($got, $want, $name) : is($got, $want, $name)
}

my $r = $t->repo('r', commits => 5);
my $w = $t->repo('w', empty => 1);
$t->repo('m', build => sub {
    my ($work) = @_;
    RCAPI::Git::history($work, 2, 1);
    $t->git($work, qw(branch -m master trunk))
});
my ($head) = split ' ', $t->git($r->{path}, qw(rev-parse master));
my $gist = $t->must(create_gist => { files => $text, gist_type => 'private' })->{gist}{access_id};
my $public = $t->must(create_gist => { files => $text, description => 'shown' })->{gist}{access_id};

subtest 'what is legal' => sub {
    ok_check('', 'an empty repository, HEAD that names no branch yet');
    spew("$r->{path}/HEAD", "$head\n");
    ok_check('', 'a detached HEAD');
    spew("$r->{path}/HEAD", "ref:\trefs/heads/master\n");
    ok_check('', 'a tab');
    unlink "$r->{path}/HEAD";
    symlink 'refs/heads/master', "$r->{path}/HEAD";
    ok_check('', 'a link');
    unlink "$r->{path}/HEAD";
    spew("$r->{path}/HEAD", "ref: refs/heads/master\n");
    spew("$r->{path}/refs/heads/x.lock", '');
    ok_check('', 'a lock of git');
    unlink "$r->{path}/refs/heads/x.lock";
    $t->git($r->{path}, qw(symbolic-ref refs/heads/alias refs/heads/none));
    ok_check('', 'a name for a branch that is not there yet');
    unlink "$r->{path}/refs/heads/alias";
};

subtest 'entries of the journal that wait' => sub {
    plan skip_all => 'none wait in a file when the database is on a server' if RCAPI::Test::on_server();
    my $spill = "$t->{dir}/data/rcapi.db.spill";
    spew("$t->{dir}/target", "kept\n");
    symlink "$t->{dir}/target", $spill;
    ok_check("$spill is a link: it is not read\n", 'a link in place of their file');
    unlink $spill;
    spew($spill, "text\n");
    ok_check("$spill is no file of this program: it is not read\n", 'another file');
    is slurp("$t->{dir}/target") . slurp($spill), "kept\ntext\n", 'both stay as they were';
    unlink $spill;
    ok_check('', 'none');
};

subtest 'HEAD' => sub {
    my %bad = ('HEAD is empty' => '', 'HEAD names neither a branch nor a commit' => "rubbish\n",
        'HEAD is missing' => undef);
    for my $repo (['repository r', $r->{path}, 'master'], ['repository w', $w->{path}, 'master'],
        ["repository m", "$ROOT/m", 'trunk'],
        ["gist $public", "$ROOT/.rc_gist_store/$public", 'master']) {
        my ($name, $path, $branch) = @$repo;
        for (sort keys %bad) {
            defined $bad{$_} ? spew("$path/HEAD", $bad{$_}) : unlink "$path/HEAD";
            ok_check("$name: $_: --repair makes it name a branch\n", "$name: $_");
            is(check('--repair'), '', 'repaired');
            is(slurp("$path/HEAD"), "ref: refs/heads/$branch\n", "it names $branch");
            ok_check('', 'and nothing is wrong any more');
        }
    }
    $t->must(update_repo => { repoid => 'm', landing_rev => 'branch:side' });
    $t->git("$ROOT/m", qw(branch side trunk));
    spew("$ROOT/m/HEAD", '');
    check('--repair');
    is(slurp("$ROOT/m/HEAD"), "ref: refs/heads/side\n", 'the branch of landing_rev, when it is there');
};

# What a backup without empty folders, or another program, left.
subtest 'a part is missing' => sub {
    for (['refs',
        qr/\Arepository\ r:\ a\ git\ repository\ without\ its\ folder\ refs:\ was\ it\ left\ out\ of\ a\ backup
            \ as\ empty\?\ mkdir\ makes\ it\ anew\n\z/x],
        ['objects', qr/\Arepository r: a git repository without its folder objects: restore it from a backup\n\z/]) {
        my ($folder, $like) = @$_;
        rename "$r->{path}/$folder", "$t->{dir}/kept" or die;
        ok_check($like, $folder);
        rename "$t->{dir}/kept", "$r->{path}/$folder" or die;
    }
    ok_check('', 'and back');
};

# Git keeps a HEAD that names no branch in a repository of another format.
subtest 'another format' => sub {
    my ($head, $config) = map { slurp("$r->{path}/$_") } qw(HEAD config);
    my %formats = ('core.repositoryformatversion is 2' => [qw(core.repositoryformatversion 2)],
        'extensions.refstorage=reftable' => [qw(extensions.refStorage reftable)]);
    for (sort keys %formats) {
        $t->git('.', 'config', '-f', "$r->{path}/config", @$_) for ['core.repositoryformatversion', 1], $formats{$_};
        spew("$r->{path}/HEAD", "ref: refs/heads/.invalid\n");
        ok_check("repository r: the format of the repository is not supported: $_\n", $_);
        is(check('--repair'), check(), 'is left as it is');
        is(slurp("$r->{path}/HEAD"), "ref: refs/heads/.invalid\n", 'with its HEAD');
        spew("$r->{path}/config", $config);
    }
    spew("$r->{path}/HEAD", $head);
    ok_check('', 'and back');
    $t->git('.', qw(init -q --bare), "$ROOT/new");
    $t->git('.', 'config', '-f', "$ROOT/new/config", 'core.repositoryformatversion', 2);
    ok_check("new is not served: the format of the repository is not supported: core.repositoryformatversion is 2\n",
        'one that no scan adds');
    $t->git('.', 'config', '-f', "$ROOT/new/config", 'core.repositoryformatversion', 0);
    ok_check("repository new is on the disk but not in the database: rescan_repos adds it\n", 'one that a scan adds');
    $t->run('rm', '-r', "$ROOT/new");
};

subtest 'a name that is no text' => sub {
    mkdir "$ROOT/$_" or die for "l\xe4n", "a\e[2Jb";
    $t->git('.', qw(init -q --bare), "$ROOT/$_") for "l\xe4n/x", "a\e[2Jb/x";
    ok_check(
        "a?[2Jb/x is not served: the name holds a control character; rename it\n"
            . "l\xe4n/x is not served: the name is not UTF-8; rename it\n", 'is printed without control characters');
    is_deeply($t->must('rescan_repos')->{added}, [], 'and not served');
    $t->run('rm', '-r', "$ROOT/$_") for "l\xe4n", "a\e[2Jb";
};

subtest 'settings of a repository' => sub {
    my $config = slurp("$r->{path}/config");
    my $tail = 'by which git runs programs or serves less: remove that, the server does not use it';
    $t->git($r->{path}, 'config', 'core.fsmonitor', 'x');
    ok_check("repository r: its config has core.fsmonitor, $tail\n", 'a program');
    $t->git($r->{path}, 'config', 'receive.procReceiveRefs', 'refs/for');
    ok_check("repository r: its config has core.fsmonitor, receive.procreceiverefs, $tail\n", 'two');
    is(check('--repair'), check(), 'are left as they are');
    spew("$r->{path}/config", $config);
    ok_check('', 'and back');
};

subtest 'references and objects' => sub {
    my $branch = "$r->{path}/refs/heads/master";
    my $was = slurp($branch);
    spew($branch, '');
    ok_check(
        qr{\Arepository\ r:\ refs/heads/master\ leads\ nowhere:\ git\ -C\ \Q$r->{path}\E\ fsck
            \ names\ what\ is\ missing;\ fetch\ it\ again,\ or\ restore}x, 'an empty branch');
    spew($branch, ('1' x 40) . "\n");
    ok_check(qr{\Arepository r: refs/heads/master leads nowhere}, 'a missing commit');
    spew("$r->{path}/refs/heads/other", ('2' x 40) . "\n");
    ok_check(qr{\Arepository r: refs/heads/\w+ and 1 more references lead nowhere}, 'two');
    unlink "$r->{path}/refs/heads/other", $branch;
    $t->run('mkfifo', $branch);
    ok_check(qr{\Arepository r: refs/heads/master leads nowhere}, 'a FIFO in place of a branch');
    unlink $branch;
    spew($branch, $was);
    my $object = "$r->{path}/objects/" . substr($head, 0, 2) . '/' . substr($head, 2);
    if (-e $object) {
        rename $object, "$object.kept";
        spew($object, '');
        ok_check(qr{\Arepository r: refs/heads/master leads nowhere}, 'an empty object');
        unlink $object;
        rename "$object.kept", $object;
    }
    ok_check('', 'all is well again');
};

subtest 'gists' => sub {
    my $path = "$ROOT/.rc_gist_store";
    rename "$path/$gist", "$path/.away";
    ok_check("gist $gist: it is in the database but not on the disk; restore its folder, or delete it by "
        . "delete_gist\n", 'a missing folder');
    rename "$path/.away", "$path/$gist";
    unlink "$path/$gist/refs/heads/master";
    ok_check("gist $gist: it has no content; restore its folder, or delete it by delete_gist\n", 'no content');
    is(check('--repair'), check(), 'which --repair leaves as it is');
    $t->must(delete_gist => { gistid => $gist });
    ok_check('', 'deleted');
    $t->sql('DELETE FROM gist');
    ok_check("gist $public: it is on the disk but not in the database: --repair adds it\n", 'a missing row');
    is(check('--repair'), '', 'is repaired');
    my $got = $t->must(get_gist => { gistid => $public, content => JSON::PP::true });
    is_deeply([@$got{qw(gist_id access_id type acl_level)}, $got->{content}],
        [$public, $public, 'public', 'acl_private', { f => 'text' }], 'with its id');
    is($t->sql('SELECT username FROM users JOIN gist ON owner_id = user_id'), "admin\n", 'for its author');
    isnt($t->must(create_gist => { files => $text })->{gist}{access_id}, $public, 'the next one has another');
    mkdir "$path/rubbish";
    ok_check(qr{\Agist rubbish: it is on the disk but not in the database}, 'a folder that is none');
    is(check('--repair'), check(), 'stays');
    rmdir "$path/rubbish";
};

subtest 'rights' => sub {
    chmod 0, $r->{path};
    ok_check(qr{\Arepository r cannot be read: it belongs to \S+, mode 0; this process runs as \S+\n\z},
        'a closed folder');
    chmod 0500, $r->{path};
    ok_check(qr{\Arepository r can be read but not changed: it belongs to \S+, mode 500; this process runs as \S+\n\z},
        'one to which nobody can push');
    chmod 0700, $r->{path};
    ok_check('', 'an open one');
    my $head = slurp("$r->{path}/HEAD");
    $t->git($r->{path}, qw(branch other master));
    $t->git($r->{path}, qw(symbolic-ref HEAD refs/heads/other));
    chmod 0, "$r->{path}/HEAD";
    ok_check(
        qr{\Arepository\ r:\ cannot\ read\ \Q$r->{path}\E/HEAD
            \ \(it\ belongs\ to\ \S+,\ mode\ 0;\ this\ process\ runs\ as\ \S+\):\ Permission\ denied\n\z}x,
        'a closed HEAD');
    is(check('--repair'), check(), 'is not replaced');
    chmod 0600, "$r->{path}/HEAD";
    is(slurp("$r->{path}/HEAD"), "ref: refs/heads/other\n", 'and names what it named');
    ok_check('', 'an open one');
    spew("$r->{path}/HEAD", $head);
    my $public = $t->must(create_gist => { files => $text })->{gist}{access_id};
    chmod 0, "$ROOT/.rc_gist_store";
    ok_check(
        qr{\A(?:gist\ \S+:\ it\ cannot\ be\ read:
            \ \Q$ROOT\E/\.rc_gist_store\ belongs\ to\ \S+,\ mode\ 0;\ this\ process\ runs\ as\ \S+\n)+\z}x,
        'closed gists');
    like($t->try_admin('call', 'create_gist', 'files:={"a":{"content":"x"}}')->{err},
        qr{\Q$ROOT\E/\.rc_gist_store belongs to \S+, mode 0; this process runs as}, 'a change says so, too');
    chmod 0700, "$ROOT/.rc_gist_store";
    $t->must(delete_gist => { gistid => $public });
    ok_check('', 'open ones');
};

subtest 'what was set aside' => sub {
    mkdir "$ROOT/junk";
    $t->must(create_repo => { repo_name => 'junk', repo_type => 'git' });
    ok_check(
        qr{\A\Q$ROOT\E/\.rc_left/\w+\ holds\ what\ was\ in\ the\ way\ of\ a\ change:
            \ move\ what\ is\ needed\ back,\ to\ the\ same\ path\ below\ the\ root,\ and\ remove\ it\n\z}x,
        'is reported');
    $t->run('rm', '-r', "$ROOT/.rc_left");
};

subtest 'names' => sub {
    $t->git("$t->{dir}/scratch", qw(init -q --bare), "$ROOT/123");
    ok_check("123 is not served: the name is all digits, like an id; rename it\n", 'one that cannot be added');
    $t->run('rm', '-r', "$ROOT/123");
    ok_check('', 'all is well');
};

$t->done;
done_testing;
