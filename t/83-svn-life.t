#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The life of a Subversion repository by the API (contract 07 §5): create, scan, fork, rename, lock, comment, delete;
# what Subversion cannot do; and which repositories are not served.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*');
my $ROOT = "$t->{dir}/data/repos";
$t->user('bob');

sub admin_svn { RCAPI::Svn::program('svnadmin', @_) }

sub dump_of {
    my ($count) = @_;
    my $dump = RCAPI::Svn->dump;
    for my $n (1 .. $count) {
        $dump->revision(log => "message $n");
        $dump->dir('trunk') if $n == 1;
        $dump->file("trunk/f$n", "content $n\n");
    }
    return $dump;
}

sub uuid { (split /\n/, slurp("$ROOT/$_[0]/db/uuid"))[0] }

subtest 'create_repo' => sub {
    my $r = $t->must(create_repo => { repo_name => 'g/new', repo_type => 'svn', description => 'made' });
    like $r->{msg}, qr{^Created new repository `g/new`$}, 'its answer';
    like slurp("$ROOT/g/new/db/format"), qr/\A7\n/, 'svn 1.9 can read it';
    is slurp("$ROOT/g/new/db/fs-type"), "fsfs\n", 'its type';
    is_deeply [glob "$ROOT/g/new/hooks/*"], [], 'no hooks';
    admin_svn('verify', '-q', "$ROOT/g/new");
    my $repo = $t->must(get_repo => { repoid => 'g/new' });
    is $repo->{repo_type}, 'svn', 'repo_type';
    is $repo->{last_changeset}{raw_id}, '0' x 40, 'no revision';
    my ($listed) = grep { $_->{repo_name} eq 'g/new' } @{ $t->must('get_repos') };
    is $listed->{repo_type}, 'svn', 'get_repos lists it';
    $t->must(update_repo => { repoid => 'g/new', description => 'other' });
    is $t->must(get_repo => { repoid => 'g/new' })->{description}, 'other', 'update_repo';
};

subtest 'rescan_repos' => sub {
    for my $name (qw(in h/deep)) {
        mkdir "$ROOT/h";
        admin_svn('create', "$ROOT/$name"); # with hooks/*.tmpl
        dump_of(3)->load("$ROOT/$name");
    }
    my $result = $t->must(rescan_repos => {});
    is_deeply [sort @{ $result->{added} }], ['h/deep', 'in'], 'added';
    my $repo = $t->must(get_repo => { repoid => 'in' });
    is $repo->{last_changeset}{raw_id}, 3, 'the last revision';
    is $repo->{repo_type}, 'svn', 'its type';

    my %odd = (
        bdb => sub { spew("$_[0]/db/fs-type", "bdb\n") },
        fsx => sub { spew("$_[0]/db/fs-type", "fsx\n") },
        newer => sub { system 'chmod', 'u+w', "$_[0]/db/format"; spew("$_[0]/db/format", "9\nlayout sharded 1000\n") },
        later => sub { system 'chmod', 'u+w', "$_[0]/format"; spew("$_[0]/format", "6\n") },
        hooked => sub { spew("$_[0]/hooks/post-commit", "#!/bin/sh\n"); chmod 0755, "$_[0]/hooks/post-commit" },
        untyped => sub { unlink "$_[0]/db/fs-type" },
        shapeless => sub { unlink "$_[0]/format" },
    );
    for (sort keys %odd) {
        admin_svn('create', "$ROOT/$_");
        $odd{$_}->("$ROOT/$_");
    }
    my %why = (bdb => qr/of type bdb; only fsfs/, fsx => qr/of type fsx; only fsfs/, newer => qr/db\/format is 9/,
        later => qr/whose format is 6/, hooked => qr/hooks\/post-commit/, untyped => qr/without the file db\/fs-type/,
        shapeless => qr/without the file format/);
    my $found = $t->must(rescan_repos => {});
    is_deeply $found->{added}, [], 'none of these is added';
    my %said = map { /^(.*?): (.*)$/s } @{ $found->{errors} };
    like $said{$_}, $why{$_}, "$_: why" for sort keys %why;
    chmod 0644, "$ROOT/hooked/hooks/post-commit";
    is_deeply $t->must(rescan_repos => {})->{added}, ['hooked'], 'a hook that cannot run is no hook';
    system 'rm', '-r', map { "$ROOT/$_" } keys %odd;
    is_deeply $t->must(rescan_repos => { remove_obsolete => JSON::PP::true() })->{removed}, ['hooked'], 'removed';
};

subtest 'fork_repo' => sub {
    spew("$ROOT/in/hooks/pre-commit", 'not executable');
    $t->must(fork_repo => { repoid => 'in', fork_name => 'forked' });
    is uuid('forked') eq uuid('in'), '', 'a UUID of its own';
    is_deeply [glob "$ROOT/forked/hooks/*"], [], 'without hooks';
    admin_svn('verify', '-q', "$ROOT/forked");
    is $t->must(get_repo => { repoid => 'forked' })->{last_changeset}{raw_id}, 3, 'with all revisions';
    is $t->must(get_repo => { repoid => 'forked' })->{fork_of}, 'in', 'fork_of';
    my $more = dump_of(0);
    $more->{rev} = 3;
    $more->revision(log => 'only here');
    $more->file('trunk/own', "x\n");
    $more->load("$ROOT/forked");
    is $t->must(get_repo => { repoid => 'forked' })->{last_changeset}{raw_id}, 4, 'it goes its own way';
    is $t->must(get_repo => { repoid => 'in' })->{last_changeset}{raw_id}, 3, 'its source does not';
    is $t->get('/in/raw/4/trunk/own', as => 'admin')->status, 404, 'no file of the fork there';
    is $t->get('/forked/raw/4/trunk/own', as => 'admin')->body, "x\n", 'but here';
};

subtest 'renamed, replaced and deleted' => sub {
    is $t->get('/forked/raw/1/trunk/f1', as => 'admin')->status, 200, 'open';
    $t->must(update_repo => { repoid => 'forked', name => 'moved' });
    is $t->get('/moved/raw/1/trunk/f1', as => 'admin')->body, "content 1\n", 'under its new name';
    is $t->get('/forked/raw/1/trunk/f1', as => 'admin')->status, 404, 'not under the old one';
    # another repository in its place, while its handles are open
    my $other = RCAPI::Svn->dump;
    $other->revision(log => 'other');
    $other->dir('trunk');
    $other->file('trunk/f1', "another repository\n");
    admin_svn('create', "$ROOT/other.new");
    $other->load("$ROOT/other.new");
    rename "$ROOT/moved", "$t->{dir}/scratch/old" or die $!;
    rename "$ROOT/other.new", "$ROOT/moved" or die $!;
    is $t->get('/moved/raw/1/trunk/f1', as => 'admin')->body, "another repository\n", 'the other one is read';
    is $t->get('/moved/raw/2/trunk/f1', as => 'admin')->status, 404, 'with its revisions';
    is $t->must(get_repo => { repoid => 'moved' })->{last_changeset}{message}, 'other', 'last_changeset';
    $t->must(delete_repo => { repoid => 'moved' });
    is $t->get('/moved/raw/1/trunk/f1', as => 'admin')->status, 404, 'deleted';
    ok !-e "$ROOT/moved", 'nothing in its place';
    $t->must(create_repo => { repo_name => 'moved', repo_type => 'svn' });
    is $t->get('/moved/raw/1/trunk/f1', as => 'admin')->status, 404, 'a new one of its name is empty';
};

# libsvn's cache is the process's, by UUID and path: both stay when a file is taken out by a filtered dump.
subtest 'replaced by one with its UUID' => sub {
    my %other = (kept => "a\n", gone => undef, changed => "other\n");
    my $first = RCAPI::Svn->dump;
    my $second = RCAPI::Svn->dump;
    $_->revision(log => 'all') for $first, $second;
    $first->file($_, "first of $_\n") for sort keys %other;
    $second->file($_, $other{$_}) for grep { defined $other{$_} } sort keys %other;
    my $new = "$t->{dir}/scratch/same.new";
    admin_svn('create', $_) for "$ROOT/same", $new;
    $first->load("$ROOT/same");
    $second->load($new);
    admin_svn('setuuid', $new, uuid('same'));
    $t->must(rescan_repos => {});
    $t->must(update_repo => { repoid => 'same', enable_downloads => JSON::PP::true() });
    my %etag;
    for my $name (sort keys %other) {
        my $a = $t->get("/same/raw/1/$name", as => 'admin');
        is $a->body, "first of $name\n", "the first one's $name";
        $etag{$name} = $a->header('ETag');
    }
    my $tar = $t->get('/same/archive/1.tar', as => 'admin')->body;
    rename "$ROOT/same", "$t->{dir}/scratch/same" or die $!;
    rename $new, "$ROOT/same" or die $!;
    for my $name (sort keys %other) {
        my $a = $t->get("/same/raw/1/$name", as => 'admin', headers => ['If-None-Match' => $etag{$name}]);
        is $a->status, defined $other{$name} ? 200 : 404, "the other one's $name";
        is $a->body, $other{$name}, '... its content' if defined $other{$name};
    }
    isnt $t->get('/same/archive/1.tar', as => 'admin')->body, $tar, 'an archive';
    my $files = { repoid => 'same', revision => '1', root_path => '/', ret_type => 'files' };
    is_deeply [sort map { $_->{name} } @{ $t->must(get_repo_nodes => $files) }], [qw(changed kept)], 'its files';
    $t->must(delete_repo => { repoid => 'same' });
};

subtest 'lock and comment_commit' => sub {
    my $lock = $t->must(lock => { repoid => 'in', locked => JSON::PP::true() });
    is $lock->{locked}, JSON::PP::true(), 'locked';
    is $t->get('/in/raw/1/trunk/f1', as => 'admin')->status, 200, 'reading goes on';
    $t->must(lock => { repoid => 'in', locked => JSON::PP::false() });
    my $r = $t->must(comment_commit => { repoid => 'in', commit_id => '2', message => 'fine', status => 'approved' });
    like $r->{msg}, qr/`2`/, 'the revision is named' or diag explain $r;
    is $t->sql('SELECT revision FROM changeset_comment LIMIT 1') =~ s/\n//r, '2', 'its number is stored';
    my $tip = $t->must(comment_commit => { repoid => 'in', commit_id => 'trunk', message => 'last' });
    like $tip->{msg}, qr/`3`/, 'a name is resolved' or diag explain $tip;
    my $none = $t->call(comment_commit => { repoid => 'in', commit_id => '9', message => 'x' });
    isnt $none->{error}, undef, 'none of r9';
};

subtest 'what Subversion cannot do' => sub {
    is $t->call(strip => { repoid => 'in', revision => '3', branch => 'trunk' })->{error},
        'Unable to strip commit 3 from repo `in`', 'strip';
    is $t->must(get_repo => { repoid => 'in' })->{last_changeset}{raw_id}, 3, 'nothing happened';
};

subtest 'who may read' => sub {
    $t->must(create_repo => { repo_name => 'closed', repo_type => 'svn', private => JSON::PP::true() });
    dump_of(1)->load("$ROOT/closed");
    is $t->call(get_repo_changeset => { repoid => 'closed', revision => '1' }, as => 'bob')->{error},
        'repository `closed` does not exist', 'hidden from bob';
    is $t->get('/closed/raw/1/trunk/f1', as => 'bob')->status, 404, 'in views, too';
    is $t->get('/in/raw/1/trunk/f1', as => 'bob')->status, 200, 'others are not';
};

subtest 'check' => sub {
    is $t->try_admin('check')->{exit}, 0, 'all is well' or diag explain $t->try_admin('check');
    my $last = "$ROOT/in/db/revs/0/3";
    my $bytes = slurp($last);
    chmod 0644, $last;
    spew($last, 'x' x length $bytes);
    my $r = $t->try_admin('check');
    isnt $r->{exit}, 0, 'damage is found';
    like $r->{out} . $r->{err}, qr/in.*svnadmin verify/s, 'and said what to do';
    spew($last, $bytes);
    is $t->try_admin('check')->{exit}, 0, 'well again';
    # a backup that was made during a commit: the number came, the revision did not
    unlink $last or die $!;
    $r = $t->try_admin('check');
    like $r->{out} . $r->{err}, qr/in.*current names revision 3, which is missing: --repair names 2/, 'what to do';
    is $t->try_admin('check', '--repair')->{exit}, 0, 'repaired';
    admin_svn('verify', '-q', "$ROOT/in");
    is $t->must(get_repo => { repoid => 'in' })->{last_changeset}{raw_id}, 2, 'the last revision that is there';
    is $t->get('/in/raw/tip/trunk/f2', as => 'admin')->body, "content 2\n", 'is read';
};

subtest 'a root that is written with superfluous slashes' => sub {
    my @admin = ($t->program('rcapi-admin'), map { s{/data\z}{/data//.//}r } $t->admin_place);
    for my $call ([qw(create_repo repo_name:slashes repo_type:svn)], [qw(fork_repo repoid:in fork_name:slashed)]) {
        my $r = $t->run(@admin, 'call', @$call);
        is $r->{exit}, 0, $call->[0] or diag $r->{out}, $r->{err};
    }
    unlink "$ROOT/slashed/db/revs/0/2" or die $!;
    is $t->run(@admin, 'check', '--repair')->{exit}, 0, 'check --repair';
    is $t->must(get_repo => { repoid => 'slashed' })->{last_changeset}{raw_id}, 1, 'has repaired';
};

$t->done;
done_testing;
