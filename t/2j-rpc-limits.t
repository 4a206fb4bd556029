#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What one call may cost: places among the costly answers, contents, files, time; that it ends when
# its client has gone, and that no transaction is open while a repository is read. Nothing is timed:
# calls that would take long are watched until they are where they should be.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $MIB = 1024 * 1024;
my $BUSY = 'Too much is being made at once; try again in a moment';

sub tree {
    my ($dir, $lines) = @_;
    spew("$dir/lines", $lines);
    chomp(my $id = `git -C $dir mktree < $dir/lines`);
    unlink "$dir/lines";
    $id
}

sub commit {
    my ($dir, $tree) = @_;
    chomp(my $id = RCAPI::Git::git($dir, 'commit-tree', '-m', 'Made', $tree));
    RCAPI::Git::git($dir, 'update-ref', 'refs/heads/master', $id);
}

sub blob {
    my ($dir, $text) = @_;
    spew("$dir/blob", $text);
    chomp(my $id = RCAPI::Git::git($dir, 'hash-object', '-w', "$dir/blob"));
    unlink "$dir/blob";
    $id
}

# One blob of 4 MiB with a thousand names: 4 GiB to read. Their paths are long, so that an answer soon
# is a file.
sub many_names {
    my ($dir) = @_;
    my $id = blob($dir, "0123456789abcdef\n" x (4 * $MIB / 17));
    my $tree = tree($dir, join '', map { sprintf "100644 blob $id\t%s%04d\n", 'n' x 200, $_ } 1 .. 1000);
    $tree = tree($dir, "040000 tree $tree\t" . 'd' x 200 . "\n") for 1 .. 10;
    commit($dir, $tree);
}

# A few objects that stand for 2^24 files.
sub bomb {
    my ($dir) = @_;
    my $id = blob($dir, "x\n");
    my $tree = tree($dir, "100644 blob $id\ta\n100644 blob $id\tb\n");
    $tree = tree($dir, "040000 tree $tree\ta\n040000 tree $tree\tb\n") for 1 .. 23;
    commit($dir, $tree);
}

sub large_file {
    my ($dir) = @_;
    commit($dir, tree($dir, '100644 blob ' . blob($dir, "\0" x (64 * $MIB)) . "\tlarge\n"))
}

# Directories in each other, each with the same file of 4 MiB: 24 of them.
sub nested {
    my ($dir) = @_;
    my $file = '100644 blob ' . blob($dir, "0123456789abcdef\n" x (4 * $MIB / 17)) . "\tz\n";
    my $tree = tree($dir, $file);
    $tree = tree($dir, "040000 tree $tree\ta\n$file") for 2 .. 24;
    commit($dir, $tree)
}

sub body {
    my ($t, $method, $args) = @_;
    JSON::PP::encode_json({ id => 1, api_key => $t->key('admin'), method => $method, args => $args })
}

# Sends a call and does not wait for the answer.
sub begin {
    my ($t, $method, $args) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port) or die "connect: $!";
    my $body = body($t, $method, $args);
    syswrite $socket, "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    return $socket;
}

# The largest answer in the making, in bytes, and the child that makes it.
sub making {
    my ($t) = @_;
    my ($most, $by) = (0);
    for my $pid ($t->children) {
        for (glob "/proc/$pid/fd/*") {
            my $size = (readlink // '') =~ m{/tmp/(?:rcapi-spool|#\d)} ? (stat)[7] // 0 : next;
            ($most, $by) = ($size, $pid) if $size > $most;
        }
    }
    return wantarray ? ($most, $by) : $most;
}

sub log_has { my ($t, $text) = @_; patiently(60, sub { $t->error_log =~ /$text/ }) }

my %NODES = (repoid => 'names', revision => 'tip', root_path => '/', ret_type => 'files');
my $FAILED = 'failed to get repo: `names` nodes';

subtest 'a client that goes ends its call; no transaction is open meanwhile' => sub {
    my $t = RCAPI::Test->new(children => 2, threads => 8, directives => "RcapiExpensiveMax 1\n");
    $t->repo('names', build => \&many_names);
    my $socket = begin($t, get_repo_nodes => \%NODES);
    ok patiently(60, sub { scalar making($t) }), 'a long call is being made';
    my (undef, $pid) = making($t);
    kill STOP => $pid;
    $t->sql("UPDATE users SET lastname = 'x' WHERE username = 'admin'");
    if (RCAPI::Test::on_server()) {
        is $t->sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND state LIKE 'idle in%'"), "0\n", 'no transaction is open';
    } else {
        is $t->sql('PRAGMA wal_checkpoint(TRUNCATE)'), "0|0|0\n", 'the write-ahead log can be emptied';
        is -s "$t->{dir}/data/rcapi.db-wal", 0, '... to nothing';
    }
    kill CONT => $pid;
    close $socket;
    ok log_has($t, 'method get_repo_nodes[^:]*: The client has gone'), 'the call ends when its client has gone';
    ok patiently(60, sub { !making($t) }), 'and nothing is left of it';
    is $t->call(create_repo => { repo_name => 'x', repo_type => 'git', background => 'true' })->{error},
        'This server runs no tasks in the background', 'RcapiTasks 0';
    $t->done;
};

subtest 'places' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiExpensiveMax 1\n");
    $t->repo('names', build => \&many_names);
    my $cheap = $t->repo('cheap');
    my $socket = begin($t, get_repo_nodes => \%NODES);
    patiently(60, sub { scalar making($t) });
    for my $call ([get_repo_nodes => { %NODES, details => 'full' }],
        [get_repo_changeset => { repoid => 'names', revision => 'tip', details => 'full' }],
        [strip => { repoid => 'cheap', revision => 'tip', branch => 'master' }],
        [rescan_repos => {}]) {
        is $t->call(@$call)->{error}, $BUSY, "$call->[0]: no place is free";
    }
    is $t->get('/names/changeset-diff/tip', as => 'admin')->status, 503, 'nor for a view';
    is scalar @{ $t->must(get_repo_nodes => { %NODES, repoid => 'cheap' }) } > 0, 1, 'what is cheap needs none';
    is $t->call(get_repo_changesets => { repoid => 'cheap', start_rev => '', limit => -1, details => 'full' })
        ->{error},
        undef, 'histories neither';
    close $socket;
    ok patiently(60, sub { ($t->call(rescan_repos => {})->{error} // '') ne $BUSY }), 'the place is free again';
    $t->done;
};

subtest 'contents, bytes and time' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 1M 2\n");
    $t->repo('names', build => \&many_names);
    $t->repo('bomb', build => \&bomb);
    my %full = (repoid => 'names', revision => 'tip', details => 'full');
    is $t->call(get_repo_nodes => \%NODES)->{error}, $FAILED, 'more contents than may be read: the failure text';
    ok log_has($t, 'method get_repo_nodes[^:]*: The answer needs more contents'), 'the log says why';
    like $t->call(get_repo_changeset => \%full)->{error},
        qr/more contents than may be read|is larger than 1048576 bytes/,
        'get_repo_changeset, which has no failure text';
    like $t->call(get_repo_changesets => { %full, start_rev => '', limit => -1 })->{error},
        qr/more contents than may be read|is larger than 1048576 bytes/, 'get_repo_changesets';
    is $t->call(get_repo_nodes => { %NODES, repoid => 'bomb', ret_type => 'dirs' })->{error},
        'failed to get repo: `bomb` nodes', 'a tree that grows';
    ok log_has($t, 'method get_repo_nodes[^:]*: The answer (?:is larger than|takes longer than)'), 'is ended';
    $t->done;
};

subtest 'time' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 0 1\n");
    $t->repo('names', build => \&many_names);
    is $t->call(get_repo_nodes => \%NODES)->{error}, $FAILED, 'more time than an answer may take';
    ok log_has($t, 'method get_repo_nodes[^:]*: The answer takes longer than 1 s to make'), 'the log says why';
    $t->done;
};

subtest 'entries' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 0 0\n");
    $t->repo('bomb', build => \&bomb);
    is $t->call(get_repo_nodes => { %NODES, repoid => 'bomb', ret_type => 'dirs' }, as => 'admin')->{error},
        'failed to get repo: `bomb` nodes',
        'more files than an answer may be about';
    ok log_has($t, 'method get_repo_nodes[^:]*: The answer is about too many files'), 'the log says why';
    $t->done;
};

subtest 'memory' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 8);
    $t->repo('large', build => \&large_file);
    my ($pid) = $t->children;
    my $anon = sub { (slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m)[0] / 1024 };
    $t->call(get_repo_nodes => { %NODES, repoid => 'large', details => 'full' });
    my $client = fork // die;
    if (!$client) {
        $t->call(get_repo_nodes => { %NODES, repoid => 'large', details => $_ }) for qw(basic full);
        require POSIX;
        POSIX::_exit(0);
    }
    my ($before, $most) = ($anon->()) x 2;
    until (waitpid $client, 1) {
        my $now = $anon->();
        $most = $now if $now > $most;
        select undef, undef, undef, 0.005;
    }
    cmp_ok $most - $before, '<=', 32, 'a file of 64 MiB is not held in memory' if !$ENV{RCAPI_PRELOAD};
    is $t->must(get_repo_nodes => { %NODES, repoid => 'large' })->[0]{size}, 64 * $MIB, 'and read whole';
    my $peak = sub { (slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m)[0] / 1024 };
    $t->repo('nested', build => \&nested);
    spew("/proc/$pid/clear_refs", '5'); # the peak of before
    $before = $peak->();
    is scalar @{ $t->must(get_repo_nodes => { %NODES, repoid => 'nested' }) }, 24, 'a file in each of 24 directories';
    cmp_ok $peak->() - $before, '<=', 32, 'is held until the next one is read' if !$ENV{RCAPI_PRELOAD};
    $t->done;
};

done_testing;
