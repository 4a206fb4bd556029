#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# strip, invalidate_cache, rescan_repos (contract 02 §2, 01 §5).
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $HOOK = RCAPI::Run::slurp('conf/post-receive');
my ($PLACE) = RCAPI::Run::slurp('docs/install.md') =~ m{^RcapiDatabase +(\S+)/rcapi\.db$}m;
my $t = RCAPI::Test->new(disk => 1);
$t->user($_) for qw(ann bob eve);
my $ROOT = "$t->{dir}/data/repos";
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub repo { return $t->must(get_repo => { repoid => $_[0] }) }

# One commit in a work tree.
sub commit {
    my ($dir, $text) = @_;
    spew("$dir/file", $text);
    $t->git($dir, 'add', '-A');
    $t->git($dir, 'commit', '-q', '-m', $text);
    chomp(my $id = $t->git($dir, qw(rev-parse HEAD)));
    return $id;
}

subtest 'a long message' => sub {
    my $message = "long\n\n" . "0123456789abcde\n" x 6000;
    $t->repo('long', build => sub { spew("$_[0]/file", 'x'); commit($_[0], $message) });
    $t->must(invalidate_cache => { repoid => 'long' });
    is repo('long')->{last_changeset}{message}, substr($message, 0, 16384),
        'of a long one the first 16 KiB are stored';
    is $t->must(get_repo_changeset => { repoid => 'long', revision => 'tip' })->{message}, $message,
        'get_repo_changeset has it whole';
};

subtest 'strip' => sub {
    my (%c, $merge);
    my $r = $t->repo('g/r', args => { owner => 'ann' }, build => sub {
        my ($w) = @_;
        $c{$_} = commit($w, "c$_") for 1 .. 3;
        $t->git($w, qw(checkout -q -b side));
        $c{s} = commit($w, 'side');
        $t->git($w, qw(checkout -q master));
        spew("$w/other", 'x');
        $c{4} = commit($w, 'c4');
        $t->git($w, qw(merge -q -s ours -m merge side));
        chomp($merge = $t->git($w, qw(rev-parse HEAD)));
        $c{$_} = commit($w, "c$_") for 5 .. 7;
    });
    my $head = sub { chomp(my $id = $t->git($r->{path}, 'rev-parse', "refs/heads/$_[0]")); return $id };
    my $strip = sub {
        my ($rev, $branch, %opt) = @_;
        $t->call(strip => { repoid => 'g/r', revision => $rev, branch => $branch }, %opt)
    };
    is $t->call(invalidate_cache => { repoid => 'g/r' })->{error}, undef, 'the last commit is known';
    is_deeply $strip->($c{7}, 'master', as => 'ann'), { id => 1, error => undef, result => {
        msg => "Stripped commit $c{7} from repo `g/r`", repository => 'g/r' } }, 'the tip';
    is $head->('master'), $c{6}, 'the branch is one back';
    is repo('g/r')->{last_changeset}{raw_id}, $c{6}, 'last_changeset follows';
    is $strip->(substr($c{5}, 0, 12), 'master')->{result}{msg}, 'Stripped commit ' . substr($c{5}, 0, 12)
        . ' from repo `g/r`',
        'a short id, as sent';
    is $head->('master'), $merge, 'with its descendants';
    my %before = map { $_ => $head->($_) } qw(master side);
    for my $case ([$merge, 'master', 'a merge'], [$c{1}, 'master', 'a root'], ['nope', 'master', 'unknown'],
        [$c{7}, 'master', 'gone'],
                  [$c{4}, 'nope', 'unknown branch'], [$c{4}, 'side', 'not on the branch'],
                  [$c{4}, 'refs/heads/master', 'no branch name'],
                  [$c{4}, '', 'no branch'], [{}, 'master', 'no text'], ['99', 'master', 'out of range']) {
        my ($rev, $branch, $what) = @$case;
        my $show = ref $rev ? '{ }' : $rev;
        is $strip->($rev, $branch)->{error}, "Unable to strip commit $show from repo `g/r`", $what;
    }
    is_deeply { map { $_ => $head->($_) } qw(master side) }, \%before, 'nothing moved';
    is $strip->('side', 'side')->{error}, undef, 'by a branch name';
    is $head->('side'), $c{3}, 'moved';
    is $strip->('1', 'side')->{error}, undef, 'by number';
    is $head->('side'), $c{1}, 'moved';
    is $t->git($r->{path}, qw(fsck --full --no-dangling)), '', 'git finds no fault';
    is $strip->($c{4}, 'master', as => $_)->{error}, 'repository `g/r` does not exist', "refused: $_" for qw(bob eve);
    is $t->call(strip => { repoid => 'nope', revision => 1, branch => 'x' })->{error},
        'repository `nope` does not exist', 'unknown';
    for my $arg (qw(repoid revision branch)) {
        my %args = (repoid => 'g/r', revision => 'x', branch => 'x');
        delete $args{$arg};
        is $t->call(strip => \%args)->{error}, "Missing non optional `$arg` arg in JSON DATA", "without $arg";
    }
    spew("$r->{path}/refs/heads/master.lock", '');
    is $strip->($c{4}, 'master')->{error}, "Unable to strip commit $c{4} from repo `g/r`",
        'somebody else changes the branch';
    unlink "$r->{path}/refs/heads/master.lock";
};

subtest 'invalidate_cache' => sub {
    my $r = $t->repo('cached', commits => 4, args => { owner => 'ann' });
    is listed('cached')->{revision}, -1, 'the stored copy is old';
    is_deeply $t->call(invalidate_cache => { repoid => 'cached', delete_keys => 'true' }, as => 'ann')->{result},
        { msg => 'Cache for repository `cached` was invalidated', repository => 'cached' }, 'answer';
    is listed('cached')->{revision}, 3, 'read anew';
    my $id = repo('cached')->{repo_id};
    is $t->must(invalidate_cache => { repoid => $id })->{msg}, "Cache for repository `$id` was invalidated",
        'msg as sent';
    unlink "$r->{path}/rcapi/order" or die $!; # never cut short in place: others have it mapped
    spew("$r->{path}/rcapi/order", 'nonsense');
    is $t->call(invalidate_cache => { repoid => 'cached' })->{error}, undef, 'damaged: made anew';
    is $t->must(get_repo_changeset => { repoid => 'cached', revision => '2' })->{revision}, 2, 'and right';
    $t->must(grant_user_permission => { repoid => 'cached', userid => 'bob', perm => 'repository.write' });
    is $t->call(invalidate_cache => { repoid => 'cached' }, as => 'bob')->{error}, undef, 'a writer may';
    is $t->call(invalidate_cache => { repoid => 'cached' }, as => 'eve')->{error},
        'repository `cached` does not exist', 'a reader not';
    is $t->call(invalidate_cache => { repoid => 'nope' })->{error}, 'repository `nope` does not exist', 'unknown';
    is $t->call(invalidate_cache => {})->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
    rename $r->{path}, "$ROOT/.away";
    is $t->call(invalidate_cache => { repoid => 'cached' })->{error},
        'Error occurred during cache invalidation action', 'gone';
    rename "$ROOT/.away", $r->{path};
};

# What was skipped before is told again each time.
sub rescan { my (%args) = @_; my $r = $t->call(rescan_repos => \%args)->{result}; delete $r->{errors}; return $r }

subtest 'rescan_repos: adding' => sub {
    is_deeply $t->call('rescan_repos'), { id => 1, error => undef, result => { added => [], removed => [] } },
        'nothing new';
    mkdir "$ROOT/$_" for 'new', 'new/deep', 'new/deep/empty', 'lost+found';
    my $work = "$t->{dir}/scratch/source";
    RCAPI::Git::init($work);
    RCAPI::Git::history($work, 8, 5);
    $t->git('.', qw(clone -q --bare), $work, "$ROOT/$_") for 'new/bare', 'top', '_hidden', '.dot',
        'rm__20200101_000000_123456__old', 'plus:colon', '123';
    $t->git('.', qw(clone -q), $work, "$ROOT/new/deep/tree");
    $t->git('.', qw(init -q --bare), "$ROOT/new/deep/tree/inside");
    spew("$ROOT/new/bare/description", "  All about it \n");
    $t->git('.', qw(init -q --bare), "$ROOT/damaged");
    system 'rm', '-rf', "$ROOT/damaged/objects";
    spew("$ROOT/damaged/objects", '');
    spew("$ROOT/file", "x");
    symlink $work, "$ROOT/link";
    mkdir "$ROOT/$_" for qw(shut hg hg/.hg svn svn/format svn/db svn/hooks);
    $t->git('.', qw(clone -q --bare), $work, "$ROOT/$_") for 'norefs', 'sha256';
    system 'rm', '-rf', "$ROOT/norefs/refs";
    $t->git("$ROOT/sha256", qw(config core.repositoryformatversion 1));
    $t->git("$ROOT/sha256", qw(config extensions.objectFormat sha256));
    chmod 0, "$ROOT/lost+found", "$ROOT/shut";
    my $found = $t->must(rescan_repos => {});
    my %skipped = map { /^(.*?): (.*)$/s } map { s/^plus:colon/plus-colon/r } @{ delete $found->{errors} };
    is_deeply $found, { added => ['new/bare', 'new/deep/tree', 'top'], removed => [] }, 'what is a repository';
    my %why = ('123' => qr/^the name is all digits/, 'plus-colon' => qr/^the name holds one of/,
        _hidden => qr/^the name begins with _/,
        link => qr/^a symbolic link/,
        shut => qr/^Permission denied \(it belongs to \S+, mode 0; this process runs as \S+\)/,
        damaged => qr/cannot open the repository|object/, norefs => qr/without its folder refs/,
        sha256 => qr/the format of the repository is not supported: extensions\.objectformat/i,
        hg => qr/^a Mercurial repository/, svn => qr/^a Subversion repository/);
    is_deeply [sort keys %skipped], [sort keys %why],
        'what is not served: folders that look like repositories, not the hidden or removed';
    like $skipped{$_}, $why{$_}, "$_: why" for sort keys %why;
    like $t->error_log, qr/rcapi:warn.*not served: 123: the name is all digits/, 'the log says it, too';
    my $check = $t->try_admin('check');
    like $check->{out} . $check->{err}, qr/^.*\b\Q$_\E is not served: /m, "and rcapi-admin check: $_"
        for qw(123 link shut hg svn norefs sha256 damaged);
    my $bare = repo('new/bare');
    is_deeply [@$bare{qw(owner description repo_type private clone_uri)}],
        ['admin', 'All about it', 'git', $false, ''], 'its row';
    is repo('top')->{description}, 'top repository', 'a default description';
    is repo('new/deep/tree')->{description}, 'new/deep/tree repository', 'in a group';
    is $bare->{last_changeset}{revision}, 7, 'last_changeset';
    is_deeply [map { "$_->{name} $_->{permission}" } grep { $_->{origin} eq 'permission' } @{ $bare->{members} }],
        ['default repository.read'], 'permissions of a new repository';
    is $t->sql("SELECT group_name, description FROM repo_group WHERE group_name LIKE 'new%' ORDER BY 1"),
        "new|new group\nnew/deep|new/deep group\n", 'groups';
    is_deeply rescan(), { added => [], removed => [] }, 'once is enough';
    rename "$ROOT/top/refs", "$ROOT/top/gone" or die $!;
    my $again = $t->must(rescan_repos => { remove_obsolete => 'true' });
    is_deeply [@$again{qw(added removed)}, grep { /^top/ } @{ $again->{errors} }], [[], []],
        'a known one that is damaged stays';
    like $t->error_log, qr/cannot be read: top: a git repository without its folder refs/, 'and the log says so';
    rename "$ROOT/top/gone", "$ROOT/top/refs" or die $!;
    $t->sql("UPDATE setting SET value = 'True'
        WHERE name IN ('default_repo_private', 'default_repo_enable_downloads')");
    $t->git('.', qw(init -q --bare), "$ROOT/later");
    is_deeply rescan(), { added => ['later'], removed => [] }, 'an empty one';
    is_deeply [map { repo('later')->{$_} } qw(private enable_downloads enable_locking)], [$true, $true, $false],
        'flags from the settings';
    $t->must(create_repo => { repo_name => 'flags', repo_type => 'git', enable_downloads => 'no' });
    is_deeply [map { repo('flags')->{$_} } qw(private enable_downloads)], [$true, $false],
        'so are those of create_repo';
    $t->sql("UPDATE setting SET value = 'False' WHERE name LIKE 'default_repo_%' AND value = 'True'");
};

subtest 'a repository with a work tree' => sub {
    my $tree = "$ROOT/new/deep/tree";
    chomp(my $tip = $t->git($tree, qw(rev-parse HEAD)));
    is $t->must(get_repo_changeset => { repoid => 'new/deep/tree', revision => 'master' })->{raw_id}, $tip, 'is read';
    is $t->get("/new/deep/tree/changeset-diff/$tip")->body, $t->get("/top/changeset-diff/$tip")->body, 'by views, too';
    commit($tree, 'more');
    is $t->call(invalidate_cache => { repoid => 'new/deep/tree' })->{error}, undef, 'its cache';
    chomp(my $more = $t->git($tree, qw(rev-parse HEAD)));
    is repo('new/deep/tree')->{last_changeset}{raw_id}, $more, 'its last commit';
    is $t->call(strip => { repoid => 'new/deep/tree', revision => $more, branch => 'master' })->{error}, undef,
        'strip';
    chomp(my $head = $t->git($tree, qw(rev-parse master)));
    is $head, $tip, 'done';
    is $t->call(fork_repo => { repoid => 'new/deep/tree', fork_name => 'bare-fork' })->{error}, undef, 'fork';
    is $t->git("$ROOT/bare-fork", qw(rev-parse --is-bare-repository)), "true\n", 'bare';
    is $t->git("$ROOT/bare-fork", qw(fsck --full --no-dangling)), '', 'whole';
    is $t->call(update_repo => { repoid => 'new/deep/tree', name => 'moved',
        clone_uri => "file://$t->{dir}/scratch/source" })->{error}, undef, 'rename';
    is $t->call(pull => { repoid => 'new/deep/moved' })->{error}, undef, 'pull';
    is $t->must(get_repo_changeset => { repoid => 'new/deep/moved', revision => 'master' })->{raw_id}, $tip,
        'read there';
};

sub listed {
    my ($name) = @_;
    return (map { $_->{last_changeset} } grep { $_->{repo_name} eq $name } @{ $t->must('get_repos') })[0]
}

subtest 'last_changeset follows what goes past the server' => sub {
    my $r = $t->repo('past', commits => 2);
    my $push = sub {
        my $id = commit($r->{work}, $_[0]);
        $t->git($r->{work}, 'push', '-q', $r->{path}, 'HEAD:refs/heads/master');
        $id
    };
    my $is = sub { is listed('past')->{raw_id}, $_[0], $_[1] };
    my $one = $push->('one');
    isnt listed('past')->{raw_id}, $one, 'lists open no repository';
    $t->get("/past/changeset-diff/tip", as => 'admin');
    $is->($one, 'a view that notices stores it');
    my $two = $push->('two');
    $t->get('/past/feed/atom', as => 'admin');
    $is->($two, 'a feed');
    my $three = $push->('three');
    rescan();
    $is->($three, 'a rescan');
    my $updated = sub { $t->sql("SELECT updated_on FROM repo WHERE repo_name = 'past'") };
    my $before = $updated->();
    $t->get("/past/changeset-diff/tip", as => 'admin');
    repo('past');
    rescan();
    is $updated->(), $before, 'nothing is written while nothing moved';
    $t->git($r->{path}, qw(branch another master));
    is repo('past')->{last_changeset}{branch}, 'another', 'a new branch at the same commit is another state';
    chmod 0, $r->{path};
    is listed('past')->{raw_id}, $three, 'a closed folder: lists do not care';
    is repo('past')->{last_changeset}{raw_id}, $three, 'get_repo has the stored copy';
    chmod 0755, $r->{path};
};

subtest 'last_changeset of a server that has just started' => sub {
    my $r = $t->repo('fresh', commits => 2);
    my $push = sub {
        my $id = commit($r->{work}, $_[0]);
        $t->git($r->{work}, qw(push -q), $r->{path}, 'HEAD:refs/heads/master');
        return $id;
    };
    $t->git($r->{path}, qw(tag -a -m tag annotated master));
    $t->git($r->{path}, qw(pack-refs --all));
    $t->git($r->{path}, qw(tag light master));
    my $known = repo('fresh')->{last_changeset};
    $t->reload;
    rename "$r->{path}/objects", "$r->{path}/away" or die "rename: $!";
    is_deeply repo('fresh')->{last_changeset}, $known, 'the references are those of the stored copy';
    unlike $t->error_log, qr/\bfresh\b/, 'no object is read';
    rename "$r->{path}/away", "$r->{path}/objects" or die "rename: $!";
    my $one = $push->('one');
    is repo('fresh')->{last_changeset}{raw_id}, $one, 'a push after that';
    $t->reload;
    my $two = $push->('two');
    is repo('fresh')->{last_changeset}{raw_id}, $two, 'a push before the first question';
    $t->git($r->{path}, qw(tag -a -m tag loose master~1));
    $t->git($r->{path}, qw(branch -m master main));
    $t->reload;
    is repo('fresh')->{last_changeset}{branch}, 'main', 'another name';
    is repo('fresh')->{last_changeset}{raw_id}, $two, 'and the same commit';
};

subtest 'last_changeset: the hook of pushes' => sub {
    my $r = $t->repo('hooked', commits => 2);
    my ($bin, $data) = ($t->program('rcapi-admin') =~ s{/[^/]+$}{}r, "$t->{dir}/data");
    is_deeply [$HOOK =~ m{((?<![~\w])/(?:srv|var|opt)/\w+(?:/\w+)*)}g], [$PLACE, "$PLACE/repos"],
        'it looks where docs/install.md puts the data';
    my $hook = $HOOK;
    my $push = sub { my $id = commit($r->{work}, $_[0]); local $ENV{PATH} = "$bin:$ENV{PATH}";
        local $ENV{RCAPI_DATA} = $data;
        local $ENV{RCAPI_DATABASE} = $t->database;
        local $ENV{HOME} = "$t->{dir}/home"; $t->git($r->{work}, 'push', '-q', $r->{path}, 'HEAD:refs/heads/master');
            $id };
    spew("$r->{path}/hooks/post-receive", $hook);
    chmod 0755, "$r->{path}/hooks/post-receive";
    my $one = $push->('one');
    is listed('hooked')->{raw_id}, $one, 'by rcapi-admin, as it is shipped';
    mkdir "$t->{dir}/home/.config";
    spew("$t->{dir}/home/.config/rhodecode", '{"apihost": "' . $t->url . '", "apikey": "' . $t->key('admin') . '"}');
    chmod 0600, "$t->{dir}/home/.config/rhodecode";
    $hook =~ s/^exec rcapi-admin/# exec rcapi-admin/m;
    $hook =~ s/^# exec rhodecode-api/exec rhodecode-api/m or die;
    $hook =~ s{\Q$PLACE\E/repos/}{$data/repos/} or die;
    spew("$r->{path}/hooks/post-receive", $hook);
    my $two = $push->('two');
    is listed('hooked')->{raw_id}, $two, 'by rhodecode-api, with a key';
    my $three = commit($r->{work}, 'three');
    unlink "$r->{path}/hooks/post-receive";
    $t->git($r->{work}, 'push', '-q', $r->{path}, 'HEAD:refs/heads/master');
    $t->admin('refresh', 'hooked');
    is listed('hooked')->{raw_id}, $three, 'rcapi-admin refresh by name';
    like $t->try_admin('refresh', $_)->{err}, qr/does not exist/, "refresh $_" for 'nope', '/etc', "$data/repos", '.';
};

subtest 'a repository whose format changes after it was registered' => sub {
    my $r = $t->repo('format', commits => 2);
    my $tip = repo('format')->{last_changeset}{raw_id};
    $t->git($r->{path}, qw(config core.repositoryformatversion 1));
    $t->git($r->{path}, qw(config extensions.objectFormat sha256));
    is $t->get("/format/$_", as => 'admin')->status, 500, "$_: an error, and not as if it was empty"
        for 'changeset-diff/tip', 'raw/tip/f', 'feed/atom';
    like $t->error_log,
        qr/rcapi:error.*the format of the repository is not supported: extensions\.objectformat.*\(request/i,
        'the log names the reason';
    is $t->call(get_repo_changeset => { repoid => 'format', revision => 'tip' })->{error}, 'Internal server error',
        'get_repo_changeset';
    is repo('format')->{last_changeset}{raw_id}, $tip, 'get_repo has the stored copy';
    is listed('format')->{raw_id}, $tip, 'so have lists';
    is_deeply rescan(remove_obsolete => 1), { added => [], removed => [] }, 'a rescan leaves it registered';
    $t->must(delete_repo => { repoid => 'format' });
};

subtest 'rescan_repos: removing' => sub {
    $t->must(fork_repo => { repoid => 'top', fork_name => 'child' });
    $t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for qw(a/b/c/r a/kept/r x/y/r);
    system 'rm', '-rf', "$ROOT/top", "$ROOT/a/b", "$ROOT/a/kept/r", "$ROOT/x";
    mkdir "$ROOT/a/kept/r";
    spew("$ROOT/a/kept/r/note", 'not a repository any more');
    is_deeply rescan(), { added => [], removed => [] }, 'nothing is removed unasked';
    is_deeply rescan(remove_obsolete => 'true'),
        { added => [], removed => [qw(top a/b/c/r a/kept/r x/y/r a/b/c a/b x/y x)] },
        'repositories, then groups, deepest first';
    is $t->call(get_repo => { repoid => 'top' })->{error}, 'repository `top` does not exist', 'gone';
    is repo('child')->{fork_of}, undef, 'its fork is none any more';
    ok -e "$ROOT/a/kept/r/note", 'the disk is not touched';
    is $t->sql("SELECT group_name FROM repo_group WHERE group_name LIKE 'a%' ORDER BY 1"), "a\na/kept\n",
        'groups with a folder stay';
    is_deeply rescan(remove_obsolete => 1), { added => [], removed => [] }, 'once is enough';
};

# An unmounted file system leaves an empty directory: of a group, of a part of one, or of a repository; and links to
# nothing.
subtest 'rescan_repos: what may not be mounted' => sub {
    my @names = qw(disk/one disk/sub/two half/disk/three half/four five);
    $t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for @names, 'six';
    $t->must(create_repo_group => { group_name => $_ }) for qw(disk/bare half/disk/bare);
    $t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for 'linked/seven', 'eight';
    for (qw(linked eight)) {
        rename "$ROOT/$_", "$ROOT/.away_$_" or die "$_: $!";
        symlink "$ROOT/.mount_$_", "$ROOT/$_" or die "$_: $!";
    }
    my @mounts = map { "$ROOT/$_" } qw(disk half/disk five);
    for (@mounts) {
        rename $_, "$ROOT/.away" . s{\W}{_}gr or die "$_: $!";
        mkdir $_ or die "$_: $!";
    }
    mkdir "$ROOT/disk/.snapshot";
    system 'rm', '-rf', "$ROOT/half/four", "$ROOT/six";
    $t->news;
    my $found = $t->must(rescan_repos => { remove_obsolete => $true });
    is_deeply $found->{removed}, [qw(half/four six)], 'stays registered';
    my $why = 'nothing is in it any more: is its file system mounted?';
    is_deeply [sort map { /^(.*): \Q$why\E/ } @{ $found->{errors} }], [qw(disk eight five half/disk linked)],
        'said once each';
    like $t->news, qr/not removed: disk: \Q$why\E/, 'in the log, too';
    for (@mounts) {
        system 'rm', '-rf', $_;
        rename "$ROOT/.away" . s{\W}{_}gr, $_ or die "$_: $!";
    }
    rename "$ROOT/.away_$_", "$ROOT/.mount_$_" or die "$_: $!" for qw(linked eight);
    is_deeply $t->must(rescan_repos => { remove_obsolete => $true })->{removed}, [], 'links lead somewhere';
    for (qw(linked eight)) {
        unlink "$ROOT/$_" or die "$_: $!";
        rename "$ROOT/.mount_$_", "$ROOT/$_" or die "$_: $!";
    }
    is_deeply rescan(remove_obsolete => 1), { added => [], removed => [] }, 'all is back';
    system 'rm', '-rf', map { "$ROOT/$_" } qw(linked eight);
    is_deeply rescan(remove_obsolete => 1)->{removed}, [qw(linked/seven eight linked)],
        'what a removed link led to is lost';
    system 'rm', '-rf', map { "$ROOT/$_" } qw(half five disk/one disk/sub disk/bare);
    is_deeply rescan(remove_obsolete => 1)->{removed},
        [qw(half/disk/three five half/disk/bare half/disk half)], 'what has no directory is lost';
    like $t->admin(qw(call rescan_repos remove_obsolete:=true)),
        qr{"removed":\["disk/one","disk/sub/two","disk/(?:sub|bare)","disk/(?:sub|bare)"\]}, 'a program forgets it';
};

subtest 'repositories named like the parts of one' => sub {
    my @names = map { "parts/$_" } qw(HEAD objects refs);
    $t->must(create_repo => { repo_name => 'parts/other', repo_type => 'git' });
    $t->git($ROOT, qw(init -q --bare), $_) for @names;
    is_deeply rescan(), { added => \@names, removed => [] }, 'their group is not taken for one';
    unlike $t->try_admin('check')->{out}, qr/parts/, 'nor by rcapi-admin';
};

subtest 'rescan_repos: who' => sub {
    is $t->call(rescan_repos => {}, as => $_)->{error}, 'Access was denied to this resource.', "refused: $_"
        for qw(ann eve);
    chmod 0, $ROOT;
    is $t->call('rescan_repos')->{error}, 'Error occurred during rescan repositories action',
        'a root that cannot be read';
    is $t->call(rescan_repos => { remove_obsolete => $true })->{error},
        'Error occurred during rescan repositories action', 'nor then';
    chmod 0700, $ROOT, "$ROOT/lost+found", "$ROOT/shut";
    is repo('child')->{repo_name}, 'child', 'all is still there';
};

# What is there when a file system is unmounted or emptied while httpd runs; a program has made its directory in it.
subtest 'a repository root that went away' => sub {
    my $count = sub { $t->sql('SELECT count(*) FROM repo') + 0 };
    my $all = $count->();
    my $failed = 'Error occurred during rescan repositories action';
    my $answer = sub { my $a = $t->call(@_); return $t->last->status . ' ' . ($a->{error} // 'made') };
    rename $ROOT, "$ROOT.away" or die "$ROOT: $!";
    mkdir $ROOT or die "$ROOT: $!";
    chown((stat "$ROOT.away")[4, 5], $ROOT);
    like $answer->(rescan_repos => { remove_obsolete => $true }), qr/^200 $failed$/, 'nothing is removed';
    $t->admin('user', 'list');
    ok -e "$ROOT/.rc_tmp", 'a program has been there';
    $t->news;
    is $answer->(@$_), '503 Internal server error', "$_->[0] waits until it is back"
        for [rescan_repos => { remove_obsolete => $true }], [delete_repo => { repoid => 'child' }],
        [create_repo => { repo_name => 'lost', repo_type => 'git' }];
    like $t->news, qr/\Q$ROOT\E is another directory than it was .* is its file system mounted/, 'the log says why';
    ok !-e "$ROOT/lost", 'nothing is made there';
    $t->run('rm', '-rf', $ROOT);
    rename "$ROOT.away", $ROOT or die "$ROOT: $!";
    my @moved = grep { m{/[^.][^/]*$} } glob "$ROOT/*";
    mkdir "$ROOT/.elsewhere" or die $!;
    rename $_, "$ROOT/.elsewhere/" . s{.*/}{}r or die "$_: $!" for @moved;
    is $answer->(rescan_repos => { remove_obsolete => $true }), "200 $failed", 'an empty one';
    like $t->news, qr/\Q$ROOT\E has none of the repositories of /, 'the log says why';
    rename "$ROOT/.elsewhere/" . s{.*/}{}r, $_ or die "$_: $!" for @moved;
    is $answer->(rescan_repos => { remove_obsolete => $true }), '200 made', 'all are back';
    is $count->(), $all, 'none was removed';
    my $moved = "$ROOT.moved";
    $t->run('cp', '-a', $ROOT, $moved);
    rename $ROOT, "$ROOT.away" and rename $moved, $ROOT or die $!;
    is $answer->(delete_repo => { repoid => 'child' }), '200 made', 'a copy in its place has them, too';
    $t->run('rm', '-rf', "$ROOT.away");
};

$t->done;
done_testing;
