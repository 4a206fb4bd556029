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
use Time::HiRes qw(time sleep);

my $cores;

our @EXPORT_OK = qw(run become account await_change kill_within patiently rounds slow slurp spew);

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
    $( = $gid;
    $) = "$gid $gid";
    POSIX::setgid($gid);
    POSIX::setuid($uid);
    die "cannot become $name\n" if $> != $uid || $< != $uid;
}

# Runs @cmd to its end; { exit, signal, out, err }. A program past its time is killed with all that
# it started (signal 9).
sub run {
    my ($opt, @cmd) = @_;
    my ($out, $err, $in) = map { open my $fh, '+>', undef or die "temporary file: $!"; $fh } 1 .. 3;
    print $in $opt->{stdin} // '';
    seek $in, 0, 0;

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp;
        become() unless $opt->{root};
        chdir $opt->{dir} or POSIX::_exit(126) if $opt->{dir};
        open STDIN,  '<&', $in;
        open STDOUT, '>&', $out;
        open STDERR, '>&', $err;
        _env($opt->{env});
        no warnings 'exec';
        exec { $cmd[0] } @cmd or print STDERR "$cmd[0]: $!\n";
        POSIX::_exit(127);
    }
    my $status = _reap($pid, POSIX::ceil(($opt->{timeout} // 60) * slow()));
    return {
        exit => $status >> 8, signal => $status & 127,
        out => _all($out), err => _all($err),
    };
}

# Sets and, where undefined, removes environment variables.
sub _env {
    my ($env) = @_;
    for (keys %{ $env // {} }) {
        defined $env->{$_} ? $ENV{$_} = $env->{$_} : delete $ENV{$_};
    }
}

sub _reap {
    my ($pid, $timeout) = @_;
    local $SIG{ALRM} = sub { kill KILL => -$pid };
    local $?;
    alarm $timeout;
    1 while waitpid($pid, 0) == -1 && $!{EINTR};
    alarm 0;
    return $?;
}

sub _all {
    my ($fh) = @_;
    seek $fh, 0, 0;
    local $/;
    return scalar <$fh> // '';
}

# How many times longer than usual things may take: a sanitizer's build does less in the same time,
# and so does a machine with more to run than it has cores.
sub slow {
    my ($load) = split ' ', slurp('/proc/loadavg') || 0;
    $cores ||= (() = slurp('/proc/cpuinfo') =~ /^processor\b/mg) || 1;
    my $factor = $load / $cores;
    return ($factor > 1 ? $factor : 1) * ($ENV{RCAPI_PRELOAD} ? 4 : 1);
}

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
    $$within *= $killed ? 1.1 : 0.9;
    return $killed;
}

# Calls $code until it is true, for at most $seconds times slow(); its last value.
sub patiently {
    my ($seconds, $code) = @_;
    my $end = time + $seconds * slow();
    my $value;
    sleep 0.01 until ($value = $code->()) || time > $end;
    return $value;
}

# The bytes of a file; '' when there is none.
sub slurp {
    my ($file) = @_;
    open my $fh, '<:raw', $file or return '';
    return _all($fh);
}

sub spew {
    my ($file, $text) = @_;
    open my $fh, '>:raw', $file or die "$file: $!";
    print $fh $text or die "$file: $!";
    close $fh or die "$file: $!";
}

1;
