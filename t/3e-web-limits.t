#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What one diff may cost, as a view or in a call: the sum of its files takes a place among the costly
# answers, however small each of them is; its time is looked at between files, while renames are
# sought, and while two texts are compared; it ends when its client has gone. What is compared by git
# in a child is byte for byte what git prints.
use strict;
use warnings;
use Test::More;
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Processes;
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Test;

my $MIB = 1024 * 1024;
my $LATE = 'The answer takes longer than 1 s to make';

sub commit {
    my ($dir) = @_;
    RCAPI::Git::git($dir, qw(-c core.compression=0 add -A));
    RCAPI::Git::git($dir, qw(commit -q -m Made));
}

# Lines of one digit; and lines that no other file has.
sub digits { my ($n) = @_; return join "\n", unpack('(a)*', RCAPI::Git::random_hex($n / 2)), '' }
sub words { my ($n) = @_; return join "\n", unpack '(a8)*', RCAPI::Git::random_hex(4 * $n) }

# Two versions of a file that no program compares in a second: lines of one digit.
sub hard {
    my ($dir) = @_;
    for (1 .. 2) {
        spew("$dir/hard", digits($MIB));
        commit($dir);
    }
}

# A thousand files that became a thousand others, each like none of them.
sub renames {
    my ($dir) = @_;
    my $stream = '';
    for my $way ('a', 'b') {
        $stream .= "commit refs/heads/master\ncommitter C <c\@x> 1500000000 +0000\ndata 0\ndeleteall\n";
        for my $name (map { "$way$_" } 1 .. 1000) {
            my $text = words(700);
            $stream .= "M 100644 inline $name\ndata " . length($text) . "\n$text\n";
        }
        $stream .= "\n";
    }
    RCAPI::Git::git($dir, { stdin => "${stream}done\n" }, qw(fast-import --quiet --done));
}

# Three changed files of just under 8 MiB.
sub sum {
    my ($dir) = @_;
    for my $line ('x', 'y') {
        spew("$dir/$_", ("0123456789abcde\n" x ($MIB / 2 - 1)) . "$_ $line\n") for 1 .. 3;
        commit($dir);
    }
}

# Large files with changes all over.
sub far {
    my ($dir) = @_;
    srand 3;
    my @lines = map { "line $_\n" } 1 .. 25000; # 256 KiB of both texts are compared by git
    for (1 .. 3) {
        spew("$dir/text", join '', @lines);
        spew("$dir/blanks", join '', map { s/ /' ' x (1 + int rand 2)/er . (rand() < 0.001 ? "\n\f\n" : '') } @lines);
        spew("$dir/moved$_", "#$_\n" . join '', @lines);
        unlink "$dir/moved" . ($_ - 1);
        commit($dir);
        splice @lines, int(rand @lines), int(rand 3), map { ('', "  new $_\n", "void f$_()\n")[rand 3] } 1 .. rand 4
            for 1 .. 300;
    }
}

my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 1G 1\nRcapiExpensiveMax 6\n",
    whitelist => '*:*');
my $hard = $t->repo('hard', build => \&hard)->{work};
my $renames = $t->repo('renames', build => \&renames)->{work};

# Sends a request and does not wait for its answer.
sub ask {
    my ($s, $path) = @_;
    my $socket = RCAPI::HTTP::connect_to($s->port);
    syswrite $socket, "GET $path HTTP/1.1\r\nHost: x\r\nX-Api-Key: " . $s->key('admin') . "\r\n"
        . "Connection: close\r\n\r\n";
    return $socket;
}

sub answer { my ($socket) = @_; local $/; return RCAPI::HTTP::parse(scalar <$socket>) }

# Whether git compares in a child of this server's.
sub compares {
    my ($s) = @_;
    my @below = map { children_of($_) } $s->children;
    return grep { slurp("/proc/$_/cmdline") =~ /^git\0.*diff\0--text/s } @below, map { children_of($_) } @below;
}

subtest 'time' => sub {
    my %view = ('a diff' => 'changeset-diff/tip', 'a diff without blanks' => 'changeset-diff/tip?ignorews=1',
        'a patch' => 'changeset-patch/tip', 'two versions of a file' => 'diff/hard?diff1=0&diff2=1&diff=raw');
    $view{renames} = '/renames/changeset-diff/tip';
    my %asked = map { $_ => ask($t, $view{$_} =~ s{^(?!/)}{/hard/}r) } sort keys %view; # at once: each has its second
    my $call = $t->call(get_repo_changeset => { repoid => 'hard', revision => 'tip', details => 'full' });
    is $call->{error}, $LATE, 'a call';
    for (sort keys %view) {
        my $a = answer($asked{$_});
        is $a->status, 413, "$_: too much";
        is $a->body, $LATE, '... of time';
    }
};

subtest 'the client' => sub {
    my $s = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 0 0\n");
    $s->repo('hard', from => $hard);
    for my $path ('changeset-diff/tip', 'changeset-patch/tip') {
        my $socket = ask($s, "/hard/$path");
        ok patiently(60, sub { compares($s) }), "$path: git compares";
        close $socket;
        ok patiently(60, sub { !compares($s) }), 'its end comes with the client\'s';
    }
    ok patiently(60, sub { 2 == (() = $s->error_log =~ /The client has gone/g) }), 'the log says so';

    $s->repo('renames', from => $renames); # clients that are there
    my $ask = "GET /renames/changeset-diff/0 HTTP/1.1\r\nHost: x\r\nX-Api-Key: " . $s->key('admin') . "\r\n";
    my $a = $s->raw_request("$ask\r\n${ask}Connection: close\r\n\r\n", timeout => 60);
    is scalar(() = $a->{raw} =~ m{^HTTP/1\.1 200}mg), 2, 'two requests at once';
    $a = $s->raw_request("${ask}Connection: close\r\n\r\n", half_close => 1, timeout => 60);
    is $a->status, 200, 'a client that only reads any more';
    $s->done;
};

subtest 'the sum of small files is costly' => sub {
    my $s = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiRangeMax 0 0\nRcapiExpensiveMax 1\n");
    $s->repo('hard', from => $hard);
    $s->repo('sum', build => \&sum);
    $s->repo('small');
    my $socket = ask($s, '/hard/changeset-diff/tip');
    patiently(60, sub { compares($s) });
    for ('changeset-diff/tip', 'changeset-diff/tip?ignorews=1', 'changeset-patch/tip') {
        my $a = $s->get("/sum/$_", as => 'admin');
        is $a->status, 503, "$_: no place is free";
        is $a->header('Retry-After'), 3, 'to be tried again';
    }
    is $s->get('/small/changeset-diff/tip', as => 'admin')->status, 200, 'a small one needs none';
    close $socket;
    ok patiently(60, sub { $s->get('/sum/changeset-diff/tip', as => 'admin')->status == 200 }), 'now it is made';
    $s->done;
};

# 20 MiB that a client has asked for and does not read.
sub lazy {
    my ($s, $path) = @_;
    my $socket = ask($s, $path);
    patiently(60, sub { vec(my $r = '', fileno $socket, 1) = 1; select $r, undef, undef, 0 });
    return $socket;
}

subtest 'clients that do not read' => sub {
    my $s = RCAPI::Test->new(children => 1, threads => 8,
        directives => "RcapiTempMax 64M\nRcapiArchiveCache None\nRcapiExpensiveMax 8\n"
        . "RcapiMaxRequestBody 8M\n");
    $s->repo('file', build => sub { spew("$_[0]/$_", "$_\0" x (10 * $MIB)) for 1; commit(@_) });
    $s->repo('text', build => sub { spew("$_[0]/text", "0123456789abcde\n" x ($MIB / 2)); commit(@_) });
    my @lazy = map { lazy($s, '/file/raw/tip/1') } 1 .. 3;
    my $a = $s->get('/file/raw/tip/1', as => 'admin');
    is $a->status, 503, 'the fourth finds no room';
    is $a->header('Retry-After'), 3, 'and may come again';
    is $s->call(get_repo_nodes => { repoid => 'text', revision => 'tip', root_path => '', details => 'full' })
        ->{error},
        'Too many answers wait to be read; try again in a moment', 'nor does a call';
    my $test = sprintf '{"jsonrpc":"2.0","id":1,"method":"test","params":["%s"]}', 'x' x 60_000;
    my $batch = $s->get('/_admin/api', method => 'POST', headers => { 'X-Api-Key' => $s->key('admin') },
        body => '[' . join(',', ($test) x 100) . ']');
    is $batch->status, 200, 'nor do many answers together: the calls were done';
    like substr($batch->body, 0, 200),
        qr/^\{"jsonrpc":"2.0","id":null,"error":.*"Too many answers wait.*\}\n\z/, '... but not answered';
    is $s->get('/text/changeset-diff/0?x', as => 'admin')->status, 503, 'nor a diff';
    is $s->call('get_repos')->{error}, undef, 'what is small needs no file';
    close $_ for @lazy;
    ok patiently(60, sub { $s->get('/file/raw/tip/1', as => 'admin')->status == 200 }),
        'the room comes back when they go';
    $s->done;
};

# A tree of 1 MB, which takes 1 KB: its name stands before each of a thousand files.
subtest 'long paths' => sub {
    my $s = RCAPI::Test->new(children => 1, whitelist => '*', directives => "RcapiArchiveCache None\n");
    my $repo = $s->repo('long', commits => 1);
    my $git = sub { my ($in, @args) = @_; return $s->git($repo->{path}, { stdin => $in }, @args) =~ s/\n\z//r };
    my $blob = $git->("x\n", qw(hash-object -w --stdin));
    my $publish = sub {
        my ($branch, $name, $files) = @_;
        my $tree = $git->(join('', map { "100644 blob $blob\tf$_\n" } 1 .. $files), 'mktree');
        my $root = $git->("040000 tree $tree\t$name\n", 'mktree');
        $git->('', 'update-ref', "refs/heads/$branch", $git->("x\n", 'commit-tree', $root));
    };
    $publish->('many', 'd' x 1_000_000, 1000);
    $publish->('one', 'd' x 2_000_000, 1);
    $publish->('usual', 'd' x 250, 3000);
    my ($child) = $s->children;
    my $most = sub { slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+)/m ? $1 / 1024 : 0 };
    my $before = $most->();
    for my $view (map { ("changeset-diff/$_", "changeset-patch/$_") } qw(many one)) {
        my $a = $s->get("/long/$view", as => 'admin');
        is $a->status . ' ' . $a->body, '413 The paths that a commit changes are too long', $view;
    }
    is $s->call($_->[0] => { repoid => 'long', revision => 'one', %{ $_->[1] } })->{result}, undef, $_->[0]
        for [get_repo_changeset => { details => 'extended' }], [get_repo_changeset => { details => 'full' }],
        [get_repo_nodes => { root_path => '/' }];
    cmp_ok $most->() - $before, '<', 300, 'memory is bounded' if !$ENV{RCAPI_PRELOAD};
    is scalar(() = $s->get('/long/changeset-diff/usual', as => 'admin')->body =~ /^diff /mg), 3000,
        'what git can check out is shown';
    is $s->get("/long/feed/$_", as => 'admin')->status, 200, $_ for qw(rss atom);
    is_deeply [$s->children], [$child], 'no child was lost';
    $s->done;
};

# Names behind references to references are sought in packed-refs, one after the other.
subtest 'references to references' => sub {
    my $s = RCAPI::Test->new(children => 1, whitelist => '*');
    my $repo = $s->repo('links', commits => 1);
    my $id = $s->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
    my ($child) = $s->children;
    my $most = sub { slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+)/m ? $1 / 1024 : 0 };
    my $before = $most->();
    spew("$repo->{path}/packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"
        . join '', map { sprintf "%s refs/remotes/%0200d\n", $id, $_ } 1 .. 80_000);
    spew("$repo->{path}/refs/tags/t$_", sprintf "ref: refs/remotes/%0200d\n", 80_000 - $_) for 1 .. 16;
    is keys %{ $s->must(get_repo_refs => { repoid => 'links' })->{tags} }, 16, 'all are found';
    cmp_ok $most->() - $before, '<', 120, 'with room for the file twice' if !$ENV{RCAPI_PRELOAD};
    $s->done;
};

subtest 'as git prints it' => sub {
    my $s = RCAPI::Test->new;
    my $far = $s->repo('far', build => \&far);
    for my $id (split /\n/, $s->git($far->{path}, 'rev-list', '--max-count=' . rounds(1, 2), 'master')) {
        for my $context (0, 3, 20) {
            for my $space ([], ['-w']) {
                my $want = $s->git($far->{path}, 'diff', "-U$context", @$space, qw(--full-index --binary -p -M),
                    "$id^", $id);
                my $got = $s->get("/far/changeset-diff/$id?context=$context&ignorews=" . @$space, as => 'admin')->body;
                ok $got eq $want, "context $context @$space";
            }
        }
        my $mail = sub { $_[0] =~ s/^-- \n.*//msr };
        ok $mail->($s->get("/far/changeset-patch/$id", as => 'admin')->body)
            eq $mail->($s->git($far->{path}, qw(format-patch --stdout --full-index --binary -1), $id)), 'a mail';
        my ($file) = grep { $_->{filename} eq 'text' }
            @{ $s->must(get_repo_changeset => { repoid => 'far', revision => $id, details => 'full' })->{diff} };
        my ($added, $deleted) = split /\t/, $s->git($far->{path}, qw(diff --numstat), "$id^", $id, '--', 'text');
        is "$file->{stats}{added} $file->{stats}{deleted}", "$added $deleted", 'counted in a call';
    }
    $s->done;
};

$t->done;
done_testing;
