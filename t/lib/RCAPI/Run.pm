# SPDX-License-Identifier: Apache-2.0
package RCAPI::Run;

=head1 NAME

RCAPI::Run - run programs for tests: bounded in time, never as root

=head1 SYNOPSIS

    my $r = run({ env => { HOME => $dir }, stdin => $text, timeout => 20 }, 'git', 'log');
    die $r->{err} if $r->{exit};
    print $r->{out};

Time limits are for a quiet machine and an ordinary build. C<slow> says by how much everything takes
longer now; C<run>, C<patiently> and what is built on them multiply their limits by it.

What a test repeats at random it repeats C<rounds> times: enough to find the faults that were
planted, and more with RCAPI_ROUNDS=all.

httpd serves nobody as root, and tests about refused files mean nothing to root. So root's tests
become an ordinary account (C<become>), or let single programs do so (C<run> without C<root>).

=cut

use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use RCAPI::Temp;
use Socket qw(AF_UNIX SOCK_STREAM);
use Time::HiRes qw(time sleep);

my $cores;
my $first = $$;
my $spawner; # the process that runs programs for this one (t/lib/spawn.c): [our process id, its own, a socket]

# glibc returns memory to the kernel whenever the top of the heap is free, and git takes and frees 256 KiB for
# each object that it compresses: the page faults are most of what an import costs.
$ENV{MALLOC_TRIM_THRESHOLD_} //= $ENV{MALLOC_MMAP_THRESHOLD_} //= 64 << 20;

our @EXPORT_OK = qw(run become account await_change kill_within now patiently rounds slow slurp spew);

# ($name, $uid, $gid) of the account that root's programs run under; nothing for everybody else.
sub account {
    return if $> != 0;
    for my $name (qw(www-data apache nobody)) {
        my ($uid, $gid) = (getpwnam $name)[2, 3];
        return ($name, $uid, $gid) if defined $uid;
    }
    die "no account to run under\n";
}

# Drops root's rights, for good. Without them it does nothing.
sub become {
    my ($name, $uid, $gid) = account() or return;
    _end_spawner(); # the next one has as few rights
    $( = $gid;
    $) = "$gid $gid";
    POSIX::setgid($gid);
    POSIX::setuid($uid);
    die "cannot become $name\n" if $> != $uid || $< != $uid;
}

# Runs @cmd to its end; { exit, signal, out, err }. A program past its time is killed with all that
# it started (signal 9). Options: dir, env, stdin, timeout, root.
sub run {
    my ($opt, @cmd) = @_;
    my (undef, $uid, $gid) = $opt->{root} ? () : account();
    my %env = (%ENV, %{ $opt->{env} // {} });
    my @env = map { _bytes("$_=$env{$_}") } grep { defined $env{$_} } keys %env;
    my @texts = (POSIX::ceil(($opt->{timeout} // 60) * slow()), $uid // -1, $gid // -1, umask, POSIX::getcwd(),
        $opt->{dir} // '', scalar @env, @env, '', map { _encoded($_) } @cmd);
    my $stdin = _bytes($opt->{stdin} // '');
    my ($status, $out, $err) = _ask(join('', map { "$_\0" } @texts), $stdin);
    return { exit => $status >> 8, signal => $status & 127, out => $out, err => $err };
}

# A text as perl prints it, and as perl gives it to programs.
sub _bytes { my ($text) = @_; return utf8::downgrade($text, 1) ? $text : _encoded($text) }
sub _encoded { my ($text) = @_; utf8::encode($text) if utf8::is_utf8($text); return $text }

# While a request is on its way the process is not there for others; when it comes to nothing, it ends.
sub _ask {
    my ($texts, $stdin) = @_;
    my $mine = $spawner;
    undef $spawner;
    $mine = _spawner() if !$mine || $mine->[0] != $$;
    my $socket = $mine->[2];
    local $SIG{PIPE} = 'IGNORE';
    for my $part (pack('N2', length $texts, length $stdin), $texts, $stdin) {
        for (my $at = 0; $at < length $part;) {
            my $n = syswrite $socket, $part, 1 << 20, $at;
            next if !defined $n && $!{EINTR};
            $at += $n // die "no answer of t/lib/spawn.c: $!";
        }
    }
    my ($status, @sizes) = unpack 'N3', _receive($socket, 12);
    my @printed = map { _receive($socket, $_) } @sizes;
    $spawner = $mine;
    _end_spawner() if $$ != $first; # nothing else would before a forked process ends
    return ($status, @printed);
}

sub _receive {
    my ($socket, $size) = @_;
    my $got = '';
    while (length $got < $size) {
        my $n = sysread $socket, $got, $size - length $got, length $got;
        next if !defined $n && $!{EINTR};
        die "no answer of t/lib/spawn.c\n" if !$n;
    }
    return $got;
}

# The program is opened while it can be: the account that root's tests become may not go where it is.
my $program = ($ENV{RCAPI_BUILD} // 'build') . '/t/spawn';
open my $opened, '<', $program;

sub _spawner {
    die "$program is missing: make first\n" if !$opened;
    socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0 or die "socketpair: $!";
    my $pid = fork // die "fork: $!";
    return [$$, $pid, $ours] if $pid;
    POSIX::dup2(fileno $theirs, 0);
    { exec { '/proc/self/fd/' . fileno $opened } 'spawn' }
    POSIX::_exit(127);
}

# It is waited for, so that the time of all programs counts as that of the test.
sub _end_spawner {
    my $mine = $spawner;
    undef $spawner;
    return if !$mine || $mine->[0] != $$;
    local $?;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $mine->[2], pack 'N2', 0, 0;
    waitpid $mine->[1], 0;
}

END { _end_spawner() }

# How many times longer than usual things may take: a sanitizer's build does less in the same time,
# and so does a machine with more to run than it has cores, in the last minute or just now.
sub slow {
    my ($load, $now) = slurp('/proc/loadavg') =~ m{^(\S+) .* (\d+)/};
    $load = $now if ($now // 0) > ($load //= 0);
    $cores ||= (() = slurp('/proc/cpuinfo') =~ /^processor\b/mg) || 1;
    my $factor = $load / $cores;
    return ($factor > 1 ? $factor : 1) * ($ENV{RCAPI_PRELOAD} ? 4 : 1);
}

# The second that a server would write down now. Perl's own C<time> runs up to a tick of the kernel behind it:
# what was just made may lie a second ahead of it.
sub now { return int time }

# How often to repeat: $usual times in C<make test>, $all times with RCAPI_ROUNDS=all (C<make check>).
sub rounds {
    my ($usual, $all) = @_;
    return ($ENV{RCAPI_ROUNDS} // '') eq 'all' ? $all : $usual;
}

# Waits, for half a second at most, until a change of the disk below $root has begun and is not finished:
# a process that is killed then leaves what must be finished or undone. true: there is one.
sub await_change {
    my ($root) = @_;
    my $end = time + 0.5;
    my $begun;
    sleep 0.001 until ($begun = () = glob "$root/.rc_tmp/*.op") || time > $end;
    return $begun;
}

# Kills process $pid within a random time of at most $$within seconds; returns true if it still ran.
# Adapts $$within, so that about half of many such processes are killed however fast the machine is.
sub kill_within {
    my ($within, $pid) = @_;
    sleep rand $$within;
    kill KILL => $pid;
    waitpid $pid, 0;
    my $killed = $? == 9;
    $$within *= $killed ? 1.2 : 0.8;
    return $killed;
}

# Calls $code until it is true, for at most $seconds times slow(); its last value. What takes long is looked at less
# often: looking may cost as much as what is waited for.
sub patiently {
    my ($seconds, $code) = @_;
    my $end = time + $seconds * slow();
    my ($pause, $value) = 0.01;
    until (($value = $code->()) || time > $end) {
        sleep $pause;
        $pause *= 1.1 if $pause < 0.05;
    }
    return $value;
}

# The bytes of a file; '' when there is none.
sub slurp {
    my ($file) = @_;
    open my $fh, '<:raw', $file or return '';
    local $/;
    return scalar <$fh> // '';
}

sub spew {
    my ($file, $text) = @_;
    open my $fh, '>:raw', $file or die "$file: $!";
    print $fh $text or die "$file: $!";
    close $fh or die "$file: $!";
}

1;
