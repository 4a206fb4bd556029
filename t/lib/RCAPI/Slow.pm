# SPDX-License-Identifier: Apache-2.0
package RCAPI::Slow;

=head1 NAME

RCAPI::Slow - many connections that take their answers a few bytes at a time

=head1 SYNOPSIS

    my $slow = RCAPI::Slow->new($port, 1000, "GET / HTTP/1.1\r\n...");
    $slow->all_served or die;      # each has the head of its answer
    $slow->sip(0 .. 99);           # these read a few bytes
    my $text = $slow->drain(7);    # this one reads to the end

All live in this process; each takes a descriptor here, and one or two in the server.

=cut

use strict;
use warnings;
use IO::Handle;
use RCAPI::Run qw(patiently);
use Socket qw(SOL_SOCKET SO_RCVBUF SOCK_STREAM AF_INET pack_sockaddr_in inet_aton);

my $SIP = 64;       # bytes
my $BUFFER = 4096;  # of the kernel, for each
my $MORE = 60_000;  # bytes, which make httpd send again
my $READ_MORE = 20; # readers

sub new {
    my ($class, $port, $n, $request) = @_;
    return bless [map { _connect($port, $request) } 1 .. $n], $class;
}

sub _connect {
    my ($port, $request) = @_;
    socket my $s, AF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, $BUFFER;
    connect $s, pack_sockaddr_in($port, inet_aton('127.0.0.1')) or die "connect: $!";
    syswrite $s, $request;
    $s->blocking(0);
    return { socket => $s, got => '' };
}

sub sip {
    my ($self, @which) = @_;
    sysread $_->{socket}, $_->{got}, $SIP, length $_->{got} for @$self[@which];
}

# How many of them read the head of a good answer; waits until all do. When all threads of a child of httpd were
# busy, its listener accepts nothing until its next event, also when they are idle by then: so some readers read a
# little more after each second without progress. Without that, the last ones waited for minutes in one of 25 runs.
sub all_served {
    my ($self) = @_;
    my ($served, $still, @more) = (0, 0);
    patiently(120, sub {
        my @waiting = grep { $self->[$_]{got} !~ m{\AHTTP/1.1 200 } } 0 .. $#$self;
        $self->sip(@waiting);
        $still = @$self - @waiting > $served ? 0 : $still + 1;
        $served = @$self - @waiting;
        @more = grep { $_->{got} =~ /\AHTTP/ && length $_->{got} < $MORE } @$self if $still % 100 == 99;
        splice @more, $READ_MORE if @more > $READ_MORE;
        sysread $_->{socket}, $_->{got}, $BUFFER, length $_->{got} for grep { length $_->{got} < $MORE } @more;
        return !@waiting;
    });
    return $served;
}

# The most bytes that one of them has read.
sub most {
    my ($self) = @_;
    my ($most) = sort { $b <=> $a } map { length $_->{got} } @$self;
    return $most;
}

# All of an answer, without its head.
sub drain {
    my ($self, $which) = @_;
    my $reader = $self->[$which];
    $reader->{socket}->blocking(1);
    1 while sysread $reader->{socket}, $reader->{got}, 1 << 20, length $reader->{got};
    return (split /\r\n\r\n/, $reader->{got}, 2)[1];
}

1;
