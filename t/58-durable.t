#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What was acknowledged survives a power cut: every file and folder that leaves .rc_tmp is synced
# before it is renamed to its place, and the folders of the rename are synced before the answer.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;
use RCAPI::Run qw(slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(start => 0);
plan skip_all => 'strace is needed, and must be allowed'
    if $t->run('strace', '-o', '/dev/null', 'true')->{exit};
my $ROOT = "$t->{dir}/data/repos";

# A name that strace shows with the folder it is looked up in.
sub full { my ($folder, $name) = @_; return $name =~ m{^/} ? $name : ($folder // '') . "/$name" }

# One call by rcapi-admin, traced; the list of [call, path, path] in order, finished ones only.
sub trace {
    my (@call) = @_;
    my $file = "$t->{dir}/scratch/trace";
    my $r = $t->run({ env => { ASAN_OPTIONS => 'detect_leaks=0' } }, 'strace', # leaks need ptrace, too
        '-f', '-y', '-qq', '-s', 4096, '-o', $file,
        '-e', 'trace=fsync,fdatasync,syncfs,rename,renameat,renameat2',
        $t->program('rcapi-admin'), $t->admin_place, 'call', @call);
    is($r->{exit}, 0, "$call[0]") or diag($r->{out}, $r->{err});
    my (%begun, @events);
    for (split /\n/, slurp($file)) {
        my ($pid, $text) = /^(\d+)\s+(.*)/ or next;
        if ($text =~ /^(.*) <unfinished \.\.\.>$/) {
            $begun{$pid} = $1;
            next;
        }
        $text =~ s/^<\.\.\. \w+ resumed>/delete $begun{$pid}/e;
        next if $text !~ /= 0$/;
        push @events, [$1, $2] if $text =~ /^(\w*sync\w*)\(\d+<(.*?)>/;
        push @events, ['rename', full($1, $2), full($3, $4)]
            if $text =~ /^rename\w*\((?:\w+<(.*?)>, )?"(.*?)", (?:\w+<(.*?)>, )?"(.*?)"/;
    }
    return @events;
}

# The place of the first event that $test likes; -1.
sub at {
    my ($test, @events) = @_;
    for my $i (0 .. $#events) {
        local $_ = $events[$i];
        return $i if $test->();
    }
    return -1;
}

sub synced { my ($path, @events) = @_; return grep { $_->[0] ne 'rename' && $_->[1] eq $path } @events }

# Everything below $to was synced below .rc_tmp before it was renamed to $to; its folder after that.
sub ok_made {
    my ($to, @events) = @_;
    my $i = at(sub { $_->[0] eq 'rename' && $_->[2] eq $to }, @events);
    return fail("nothing was renamed to $to") if $i < 0;
    my $from = $events[$i][1];
    my @before = @events[0 .. $i - 1];
    my @there = split /\n/, $t->run('find', $to, '(', '-type', 'f', '-o', '-type', 'd', ')')->{out};
    my $whole = grep { $_->[0] eq 'syncfs' && $_->[1] =~ m{^\Q$from\E} } @before;
    my @missed = $whole ? () : grep { !synced($from . substr($_, length $to), @before) } @there;
    cmp_ok(scalar(@there), '>', 0, "$to is there");
    is("@missed", '', 'all of it was synced before the rename' . ($whole ? ', by syncfs' : ''));
    ok(synced(dirname($from), @before), 'and its entry in .rc_tmp');
    ok(synced(dirname($to), @events[$i .. $#events]), 'its folder after it');
    return scalar @there;
}

# The rename from $from to $to was followed by syncs of both folders.
sub ok_renamed {
    my ($from, $to, @events) = @_;
    my $i = at(sub { $_->[0] eq 'rename' && $_->[1] eq $from && $_->[2] =~ /^$to$/ }, @events);
    return fail("$from was not renamed") if $i < 0;
    my @after = @events[$i .. $#events];
    ok(synced(dirname($events[$i][2]), @after), 'the folder that it came into was synced');
    ok(synced(dirname($from), @after), 'and the one that it left');
}

# The first rename of a change comes when its intention is on the disk, with its name.
sub ok_intended {
    my (@events) = @_;
    my $i = at(sub { $_->[0] eq 'rename' && $_->[2] =~ m{^\Q$ROOT\E/(?!\.rc_tmp/)} }, @events);
    my @before = @events[0 .. $i - 1];
    my ($op) = grep { $_->[1] =~ /\.op$/ } @before;
    ok($op && synced("$ROOT/.rc_tmp", @before), 'the intention was on the disk before');
    return if RCAPI::Test::on_server(); # which syncs its own files
    my $wal = at(sub { $_->[1] =~ /rcapi\.db-wal$/ }, @events[$i .. $#events]);
    cmp_ok($wal, '>', 0, 'the database after it');
}

subtest 'what is made' => sub {
    my @events = trace(qw(create_repo repo_name:a repo_type:git));
    ok_made("$ROOT/a", @events);
    ok_intended(@events);
    @events = trace(qw(create_repo repo_name:g/h/a repo_type:git));
    ok_made("$ROOT/g/h/a", @events);
    ok(synced($ROOT, @events) && synced("$ROOT/g", @events), 'the folders of new groups as well');
    ok_made("$ROOT/e", trace(qw(create_repo_group group_name:e)));
    ok_made("$ROOT/.rc_gist_store/1", trace('create_gist', 'files:={"f":{"content":"x"}}'));
};

my $src = "$t->{dir}/scratch/src";
RCAPI::Git::init($src);
RCAPI::Git::history($src, 5, 1);
subtest 'what is cloned and forked' => sub {
    ok_made("$ROOT/cloned", trace(qw(create_repo repo_name:cloned repo_type:git), "clone_uri:file://$src"));
    my $small = ok_made("$ROOT/small", trace(qw(fork_repo repoid:cloned fork_name:small)));
    cmp_ok($small, '<', 128, 'entry by entry');
    RCAPI::Git::git($src, 'commit', '-q', '--allow-empty', '-m', $_) for 1 .. 150;
    $t->git("$ROOT/cloned", qw(config receive.unpackLimit 1000));
    $t->git($src, 'push', '-q', "$ROOT/cloned", 'master');
    my @events = trace(qw(fork_repo repoid:cloned fork_name:large));
    cmp_ok(ok_made("$ROOT/large", @events), '>', 128, 'more entries');
    is(grep({ $_->[0] eq 'syncfs' } @events), 1, 'by one syncfs');
};

subtest 'what is renamed' => sub {
    my @events = trace(qw(update_repo repoid:a name:b group:e));
    ok_renamed("$ROOT/a", "$ROOT/e/b", @events);
    ok_intended(@events);
    ok_renamed("$ROOT/g", "$ROOT/e/k", trace(qw(update_repo_group repogroupid:g group_name:k parent:e)));
    ok_renamed("$ROOT/e/b", "$ROOT/e/rm__.*", trace(qw(delete_repo repoid:e/b)));
    ok_renamed("$ROOT/.rc_gist_store/1", "$ROOT/.rc_tmp/.*", trace(qw(delete_gist gistid:1)));
    trace(qw(create_repo_group group_name:gone));
    ok_renamed("$ROOT/gone", "$ROOT/rm__.*", trace(qw(delete_repo_group repogroupid:gone)));
};

subtest 'what is stripped' => sub {
    my ($tip) = split ' ', $t->git("$ROOT/small", qw(rev-list master));
    $t->git($src, 'push', '-q', '-f', "$ROOT/small", 'master');
    ($tip) = split ' ', $t->git("$ROOT/small", qw(rev-list master));
    my @events = trace('strip', 'repoid:small', "revision:$tip", 'branch:master');
    my $i = at(sub { $_->[0] eq 'rename' && $_->[2] =~ m{refs/heads/master$} }, @events);
    ok(grep({ $_->[1] =~ m{refs/heads/master\.lock$} } @events[0 .. $i - 1]), 'the branch was synced');
    ok(synced("$ROOT/small/refs/heads", @events[$i .. $#events]), 'and its name');
};

$t->done;
done_testing;
