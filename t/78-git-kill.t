#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Pushes of several clients, while children of httpd, and then all of httpd, are killed at random
# moments: every push that was acknowledged is there, nothing is half, no program works on, and what
# killed programs leave is swept.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha1 sha1_hex);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use RCAPI::HTTP;
use RCAPI::Pack;
use RCAPI::Run qw(patiently rounds slow slurp);
use RCAPI::Test;

my $CLIENTS = 3;
my $PUSHES = $ENV{RCAPI_PUSHES} // rounds(48, 200); # acknowledged ones, of all clients
my $PATIENCE = rounds(120, 600); # seconds that they may take on a quiet machine
my $OLD = 3 * 3600; # seconds after which a leftover is one
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");

my $NONE = '0' x 40;
my $WORDS = 'report-status side-band-64k';
my $t = RCAPI::Test->new(children => 3, threads => 4, init => ['--api-key', my $KEY = 'k' x 40],
    directives => "RcapiMaintenance Off\n"); # its own programs are tested elsewhere
my $repo = $t->repo('group/target', commits => 5);
my @DIARIES = map { $t->dir . "/scratch/diary$_" } 1 .. $CLIENTS;

# --- a client: pushes to branches of its own and keeps a diary

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

# A new commit on top of @parents: (id, bytes of a pack with it).
sub new_commit {
    my ($name, @parents) = @_;
    my ($pack, $noise) = ([], join '', map { pack 'N', rand 2**32 } 1 .. (rand() < 0.3 ? 40_000 : 20));
    my $blob = add_whole($pack, BLOB, "$name\n$noise");
    my $tree = add_whole($pack, TREE, "100644 file\0$blob");
    my $who = 'Ann Author <ann@example.org> 1200000000 +0000';
    my $commit = add_whole($pack, COMMIT, 'tree ' . unpack('H*', $tree) . "\n"
        . join('', map { "parent $_\n" } @parents) . "author $who\ncommitter $who\n\n$name\n");
    my $bytes = pack('a4NN', 'PACK', 2, scalar @$pack) . join '', map { $_->{raw} } @$pack;
    return (unpack('H*', $commit), $bytes . sha1($bytes));
}

# Sends a request whose body comes in pieces; the answer.
sub post {
    my ($body) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port) or return RCAPI::HTTP::parse('');
    local $SIG{PIPE} = 'IGNORE';
    my $text = "POST /group/target/git-receive-pack HTTP/1.1\r\nHost: x\r\nX-Api-Key: $KEY\r\nConnection: close\r\n"
        . "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: ${\ length $body}\r\n\r\n$body";
    for my $piece (unpack '(a60000)*', $text) {
        syswrite $socket, $piece or last;
        sleep rand 0.004;
    }
    my $got = '';
    vec(my $ready = '', fileno $socket, 1) = 1;
    my $end = time + 30 * slow();
    while (time < $end) {
        select(my $now = $ready, undef, undef, 1) or next;
        sysread $socket, $got, 65536, length $got or last;
    }
    return RCAPI::HTTP::parse($got);
}

# What a reference is now; undef: no answer.
sub ref_now {
    my ($ref) = @_;
    my $a = RCAPI::HTTP::request($t->port, GET => '/group/target/info/refs?service=git-receive-pack',
        headers => ['X-Api-Key' => $KEY]);
    return if $a->status != 200 || $a->body !~ /0000\z/;
    return $a->body =~ /([0-9a-f]{40}) \Q$ref\E(?:\n|\0)/ ? $1 : '';
}

# One push. The diary: "try REF ID" before, "ack REF ID" after the answer; the id of no commit: deleted.
sub push_once {
    my ($c, $i, $diary) = @_;
    my $ref = "refs/heads/c$c/" . int rand 3;
    my $old = ref_now($ref) // return 0;
    my ($new, $pack) = $old && rand() < 0.1 ? ($NONE, '') : new_commit("$c-$i", $old || ());
    print $diary "try $ref $new\n";
    my $a = post(pkt(($old || $NONE) . " $new $ref\0 $WORDS") . '0000' . $pack);
    my $said = $a->body;
    return 0 if $a->status != 200 || $a->{raw} !~ /\r\n0\r\n\r\n\z/;
    if ($said =~ /unpack ok\n.*(?<!n)ok \Q$ref\E\n.*push completed/s) {
        print $diary "ack $ref $new\n";
        return 1;
    }
    # a push before, whose answer never came, may have changed the reference, or hold its lock
    print $diary "error $said\n" =~ s/[^ -~\n]/?/gr if $said !~ /unpack ok\n.*ng \Q$ref\E /s;
    return 0;
}

sub client {
    my ($c, $enough) = @_;
    srand $seed * 100 + $c;
    open my $diary, '>>', $DIARIES[$c - 1] or die "diary: $!";
    $diary->autoflush(1);
    my ($done, $i, $end) = (0, 0, time + $PATIENCE * slow());
    for (; $done < $enough && time < $end; $i++) {
        push_once($c, $i, $diary) ? $done++ : sleep 0.02;
    }
    POSIX::_exit($done < $enough ? 1 : 0);
}

sub start_clients {
    my ($enough) = @_;
    return map {
        my $c = $_;
        my $pid = fork // die "fork: $!";
        client($c, $enough) if !$pid;
        ($pid => 1);
    } 1 .. $CLIENTS;
}

# --- what must be there afterwards

# Programs of git that work in this server's folders.
sub programs {
    my $top = $t->dir . '/data';
    return grep { slurp("$_/environ") =~ /\0?GIT_DIR=\Q$top\E/ && slurp("$_/stat") !~ /\) Z / } glob '/proc/[0-9]*';
}

sub find { my $r = $t->run('find', $repo->{path}, @_); return split /\n/, $r->{out} }

# What killed programs have left.
sub leftovers {
    return find('(', '-name', 'tmp_*', '-o', '-name', 'incoming-*', '-o', '-name', '*.lock', '-o', '-name', '*.keep',
        '-o', '-name', '.tmp-*', ')', '-prune');
}

# {ref}{id}: what each reference may be by the diaries; the ids of all acknowledged commits; errors.
sub diaries {
    my (%may, @acknowledged, @errors);
    for (map { split /\n/, slurp($_) } @DIARIES) {
        my ($step, $ref, $id) = split / /;
        if ($step eq 'try') {
            $may{$ref} //= { $NONE => 1 };
            $may{$ref}{$id} = 1;
        } elsif ($step eq 'ack') {
            $may{$ref} = { $id => 1 };
            push @acknowledged, $id if $id ne $NONE;
        } else {
            push @errors, $_;
        }
    }
    return (\%may, \@acknowledged, \@errors);
}

# Sets the times of all leftovers back, so that they count as such.
sub make_old {
    my @all = map { $_, find('-path', "$_/*") } leftovers();
    utime time - $OLD, time - $OLD, reverse @all;
}

# One more push, which nothing disturbs.
sub push_after {
    my ($ref, $old) = @_;
    my ($id, $pack) = new_commit("after $ref", $old);
    my ($c) = $ref =~ m{/c(\d+)/};
    open my $diary, '>>', $DIARIES[$c - 1] or die "diary: $!";
    print $diary "ack $ref $id\n";
    return post(pkt("$old $id $ref\0 $WORDS") . "0000$pack")->body =~ /(?<!n)ok \Q$ref\E/;
}

sub all_is_well {
    my ($about) = @_;
    subtest $about => sub {
        my ($may, $acknowledged, $errors) = diaries();
        is(join("\n", @$errors), '', 'no push failed while nobody was killed');
        ok(patiently(20, sub { !programs() }), 'no program is left') or diag join ' ', programs();
        note('leftovers: ' . join ' ', map { s{.*/}{}r } leftovers());
        is(join(' ', grep { /\.lock$/ } leftovers()), '', 'nor a lock');
        make_old();
        is($t->try_admin('check', '--repair')->{exit}, 0, 'check --repair');
        is(join(' ', leftovers()), '', '... removes what killed programs have left');
        my $check = $t->try_admin('check');
        is("$check->{exit} $check->{out}$check->{err}", '0 ', 'check finds nothing');
        is($t->git($repo->{path}, qw(fsck --full --strict --no-dangling)), '', 'nor does git fsck');
        my %is = map { m{^(\S+) (refs/heads/c\d/.*)} ? ($2 => $1) : () } split /\n/, $t->git($repo->{path},
            'for-each-ref', '--format=%(objectname) %(refname)');
        my @wrong = map { my $id = $is{$_} // $NONE; $may->{$_}{$id} ? () : "$_ is $id" } sort keys %$may;
        is("@wrong", '', 'each reference is what the last acknowledged push, or a later one, made of it');
        is(join(' ', grep { !$may->{$_} } sort keys %is), '', '... and there are no others');
        my $journal = $t->sql("SELECT action FROM journal WHERE action LIKE 'push%'");
        is(join(' ', grep { $journal !~ /$_/ } @$acknowledged), '', 'the journal has all '
            . @$acknowledged . ' commits that were acknowledged');
        my $feed = $t->must(get_repo => { repoid => 'group/target' })->{last_changeset}{raw_id};
        like($t->git($repo->{path}, 'rev-list', '--all'), qr/^$feed$/m, 'last_changeset is a commit that is there');
        is(join(' ', grep { !push_after($_, $is{$_}) } sort keys %is), '', keys(%is) . ' branches take the next push');
    };
}

# --- children of httpd

sub count_acknowledged { return scalar(() = map { slurp($_) =~ /^ack /mg } @DIARIES) }

# On a busy machine, or under sanitizers, a push may take longer than children live: the pauses between kills grow
# until pushes are acknowledged.
srand $seed;
my ($killed, $start, $ended_well) = (0, time, 1);
my ($pause, $acknowledged) = (my $shortest = 0.25, 0);
my %running = start_clients($PUSHES / $CLIENTS);
while (%running) {
    sleep 0.02 + rand $pause;
    my @children = $t->children;
    my $now = count_acknowledged();
    $pause = $now == $acknowledged ? $pause * 1.2 : $pause > 1.5 * $shortest ? $pause / 1.5 : $shortest;
    $acknowledged = $now;
    $killed += kill KILL => $children[rand @children] if @children;
    for my $pid (keys %running) {
        next unless waitpid($pid, POSIX::WNOHANG()) == $pid;
        $ended_well = 0 if $?;
        delete $running{$pid};
    }
}
ok($ended_well, "$PUSHES pushes within $PATIENCE seconds");
note(sprintf '%d children killed in %.1f s', $killed, time - $start);
cmp_ok($killed, '>=', 2, 'children were killed'); # few on a loaded machine
ok(patiently(10, sub { defined $t->call('get_ip')->{result} }), 'the server goes on');
$t->reload;
all_is_well('after children were killed');

# --- all of httpd, at once

my %pids = start_clients(1e6);
sleep 0.5 + rand 0.5;
kill KILL => -$t->{server}->pid; # the leader of its session
kill KILL => keys %pids;         # who get no answer any more
waitpid $_, 0 for keys %pids;
ok(patiently(20, sub { !programs() }), 'without httpd, git ends as well') or diag join ' ', programs();
$t->{server}->stop;
$t->start;
all_is_well('after all of httpd was killed');

$t->done;
done_testing;
