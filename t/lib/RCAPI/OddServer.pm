# SPDX-License-Identifier: Apache-2.0
package RCAPI::OddServer;

=head1 NAME

RCAPI::OddServer - a remote that does what no client expects

=head1 SYNOPSIS

    my $odd = RCAPI::OddServer->new("$t->{dir}/scratch/seen", sub {
        my ($client, $request) = @_;
        print $client "HTTP/1.1 404 Not Found\r\n\r\n";
    });
    my $uri = 'http://127.0.0.1:' . $odd->port . '/silent';   # there is no answer to /silent for a minute
    slurp("$t->{dir}/scratch/seen");                          # the first lines of all requests

It ends with the object, and with the test.

=cut

use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use RCAPI::Run qw(rounds);

my $LIMIT = rounds(900, 14_400); # seconds that it lives if nobody ends it

# The code is called in a process of its own for each client.
sub new {
    my ($class, $seen, $answer) = @_;
    open my $log, '>>', $seen or die "$seen: $!"; # else all answers were empty
    close $log;
    my $listener = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die $@;
    my $pid = fork // die "fork: $!";
    _serve($listener, $seen, $answer) if !$pid;
    setpgrp $pid, $pid;
    return bless { port => $listener->sockport, pid => $pid, owner => $$ }, $class;
}

sub port { $_[0]{port} }

sub _serve {
    my ($listener, $seen, $answer) = @_;
    setpgrp; # its processes end together
    alarm $LIMIT;
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $client = $listener->accept or next;
        next if fork;
        open STDOUT, '>', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        _answer($client, $seen, $answer);
        POSIX::_exit(0);
    }
}

sub _answer {
    my ($client, $seen, $answer) = @_;
    sysread $client, my $request, 4096;
    open my $log, '>>', $seen or return;
    print $log (split /\r\n/, $request)[0] // '', "\n";
    close $log;
    sleep 60 if $request =~ m{/silent};
    $answer->($client, $request);
}

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner};
    local ($?, $!);
    kill KILL => -$self->{pid};
    waitpid $self->{pid}, 0;
}

1;
