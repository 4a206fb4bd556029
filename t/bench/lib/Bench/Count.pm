# SPDX-License-Identifier: Apache-2.0
package Bench::Count;

=head1 NAME

Bench::Count - instructions and system calls of httpd's children, by perf

=head1 SYNOPSIS

    my $count = Bench::Count->new("$dir/counted");   # undef when perf is missing or counts nothing here
    $count->start(@pids);
    ...
    my $sums = $count->stop;                         # { user => ..., kernel => ..., calls => ... }

Unlike times, they do not depend on what else the machine does. What perf may not count is missing in the
sums: instructions need a processor that shows its counters, the kernel's and system calls need root. So an
object that root makes before it becomes an ordinary account goes on with root's rights, in a process of its
own that only runs perf.

=cut

use strict;
use warnings;
use IO::Handle;
use POSIX ();
use Time::HiRes qw(sleep);
use RCAPI::Run qw(slurp);

my %EVENT = (user => 'instructions:u', kernel => 'instructions:k', calls => 'raw_syscalls:sys_enter');
my $ATTACH = 0.3; # seconds that perf needs to begin

sub new {
    my ($class, $file) = @_;
    return if !grep { -x "$_/perf" } split /:/, $ENV{PATH};
    my %event = map { $_ => $EVENT{$_} } grep { defined _try($EVENT{$_}, $file) } keys %EVENT;
    return if !%event;
    my $self = bless { file => $file, event => \%event }, $class;
    pipe my $orders, $self->{orders} or die "pipe: $!";
    pipe $self->{done}, my $done or die "pipe: $!";
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        close $self->{$_} for qw(orders done);
        $self->_obey($orders, $done);
        POSIX::_exit(0);
    }
    $self->{orders}->autoflush;
    return $self;
}

# What one event counts of a short program; undef when it may not be counted.
sub _try {
    my ($event, $file) = @_;
    my $pid = _perf($file, $event, 'true');
    waitpid $pid, 0;
    my $sums = _read($file);
    return $sums->{$event};
}

sub _perf {
    my ($file, $events, @what) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    open STDERR, '>', '/dev/null';
    exec 'perf', 'stat', '-x,', '-o', $file, '-e', $events, @what or POSIX::_exit(127);
}

# Event => its count.
sub _read {
    my ($file) = @_;
    return { map { /^(\d+),[^,]*,([^,]+)/ ? ($2 => $1) : () } -e $file ? split /\n/, slurp($file) : () };
}

# The process that runs perf: a line of pids begins, the next line ends.
sub _obey {
    my ($self, $orders, $done) = @_;
    $done->autoflush;
    while (defined(my $pids = <$orders>)) {
        chomp $pids;
        my $perf = _perf($self->{file}, join(',', values %{ $self->{event} }), '-p', $pids);
        <$orders>;
        kill INT => $perf;
        waitpid $perf, 0;
        print {$done} "done\n";
    }
}

sub start {
    my ($self, @pids) = @_;
    print { $self->{orders} } join(',', @pids), "\n";
    sleep $ATTACH;
}

sub stop {
    my ($self) = @_;
    print { $self->{orders} } "stop\n";
    readline $self->{done} or die "perf's process has ended\n";
    my $sums = _read($self->{file});
    return { map { $_ => $sums->{ $self->{event}{$_} } } keys %{ $self->{event} } };
}

1;
