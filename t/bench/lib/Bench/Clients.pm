# SPDX-License-Identifier: Apache-2.0
package Bench::Clients;

=head1 NAME

Bench::Clients - many clients that read large answers at once, and what the server runs meanwhile

=head1 SYNOPSIS

    my $bytes = Bench::Clients::drain($port, @requests);   # of all answers; dies unless all are whole
    my $seen = Bench::Clients::watch($server, ($request) x 60);
    # { wall: seconds, served: whole answers, programs: git processes that were seen,
    #   memory: most kilobytes at a time }

An answer is whole when its status is 200 and its content ends with git's flush. Those of C<watch>
may be refusals by 503 as well.

=cut

use strict;
use warnings;
use IO::Socket::INET;
use List::Util qw(sum0);
use POSIX ();
use Time::HiRes qw(sleep time);
use RCAPI::Run qw(slow slurp);

my $PATIENCE = 120; # seconds without a byte
my $LOOK = 0.02;    # seconds between looks at the processes: git runs for longer

sub drain {
    my ($port, @requests) = @_;
    my @answers = _answers($port, @requests);
    my ($bad) = grep { !_is_whole($_) } @answers;
    die "no whole answer: $bad->{head}\n" if $bad;
    return sum0(map { $_->{bytes} } @answers);
}

# Sends each request on a connection of its own, reads all answers to their end.
sub _answers {
    my ($port, @requests) = @_;
    my %open = map { my $c = _connect($port, $_); (fileno $c->{socket} => $c) } @requests;
    my @answers;
    while (%open) {
        my $ready = '';
        vec($ready, $_, 1) = 1 for keys %open;
        select($ready, undef, undef, $PATIENCE * slow()) or die "no byte from the server\n";
        for my $fd (grep { vec $ready, $_, 1 } keys %open) {
            next if _read_some($open{$fd});
            close $open{$fd}{socket};
            push @answers, delete $open{$fd};
        }
    }
    return @answers;
}

sub _connect {
    my ($port, $request) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
    syswrite $socket, $request;
    return { socket => $socket, bytes => 0, head => '', tail => '' };
}

# Keeps the beginning and the end; false at the end.
sub _read_some {
    my ($client) = @_;
    my $n = sysread $client->{socket}, my ($got), 1 << 18 or return;
    $client->{bytes} += $n;
    $client->{head} .= $got if length $client->{head} < 1000;
    $client->{tail} = substr $client->{tail} . substr($got, -32), -32;
    return 1;
}

sub _is_whole {
    my ($client) = @_;
    return $client->{head} =~ m{\AHTTP/1.1 200 } && $client->{tail} =~ /0000(?:\r\n0\r\n\r\n)?\z/;
}

# Sends the requests from another process, looks at the server's processes until all is answered.
sub watch {
    my ($server, @requests) = @_;
    my $begin = time;
    pipe my $told, my $tell or die "pipe: $!"; # how many were served
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my @bad = grep { !_is_whole($_) } my @answers = eval { _answers($server->{port}, @requests) };
        my ($wrong) = grep { $_->{head} !~ m{\AHTTP/1.1 503 } } @bad;
        warn "no whole answer: $wrong->{head}\n" if $wrong;
        syswrite $tell, $wrong ? '' : @answers - @bad;
        POSIX::_exit(0);
    }
    close $tell;
    my ($memory, %programs) = 0;
    until (waitpid $pid, POSIX::WNOHANG()) {
        my @used = map { [$_, slurp("/proc/$_/status") =~ /^Name:\s+(\S+).*^RssAnon:\s+(\d+)/ms] }
            _below($server->pid);
        my $now = sum0(map { $_->[2] // 0 } @used);
        $memory = $now if $now > $memory;
        $programs{ $_->[0] } = 1 for grep { ($_->[1] // '') =~ /^git/ } @used;
        sleep $LOOK;
    }
    defined(my $served = <$told>) or die "the clients failed\n";
    return { wall => time - $begin, served => $served, programs => scalar(keys %programs), memory => $memory };
}

# A process and everything below it.
sub _below {
    my ($top) = @_;
    my %children;
    push @{ $children{ $_->[1] } }, $_->[0] for RCAPI::Server::_processes();
    my @found = ($top);
    for (my $i = 0; $i < @found; $i++) {
        push @found, @{ $children{ $found[$i] } // [] };
    }
    return @found;
}

1;
