# SPDX-License-Identifier: Apache-2.0
package RCAPI::Receiver;

=head1 NAME

RCAPI::Receiver - a server that gets webhooks

=head1 SYNOPSIS

    my $r = RCAPI::Receiver->new("$t->{dir}/scratch/seen");
    my $url = $r->url . '/ok';     # also /500, /hang, /redirect, and /half, which answers 500 every other time
    my @seen = $r->seen('/ok');    # ({ path, headers => { lower case }, body }, ...) in their order

It ends with the object, and with the test.

=cut

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use RCAPI::Run qw(rounds slurp);

my $LIMIT = rounds(900, 14_400); # seconds that it lives if nobody ends it
my %STATUS = (500 => '500 No', redirect => "302 Found\r\nLocation: http://127.0.0.1:1/", ok => '200 OK');

sub new {
    my ($class, $file) = @_;
    my $listener = IO::Socket::INET->new(Listen => 128, LocalAddr => '127.0.0.1') or die $@;
    my $pid = fork // die "fork: $!";
    _serve($listener, $file) if !$pid;
    return bless { port => $listener->sockport, pid => $pid, owner => $$, file => $file }, $class;
}

sub url { "http://127.0.0.1:$_[0]{port}" }

# What came to a path, query and all; without one, all.
sub seen {
    my ($self, $path) = @_;
    my @all = map { JSON::PP::decode_json($_) } split /\n/, slurp($self->{file});
    return grep { !defined $path || $_->{path} eq $path } @all;
}

sub _serve {
    my ($listener, $file) = @_;
    alarm $LIMIT;
    open my $log, '>>:raw', $file or POSIX::_exit(1);
    $log->autoflush;
    my $all = IO::Select->new($listener);
    my (%text, %count, @silent);
    while (1) {
        for my $socket ($all->can_read) {
            if ($socket == $listener) {
                $all->add($listener->accept // next);
                next;
            }
            my $whole = sysread $socket, $text{$socket}, 65536, length($text{$socket} // '');
            my $request = $whole ? _whole($text{$socket}) : undef;
            next if $whole && !$request;
            $all->remove($socket);
            delete $text{$socket};
            next if !$request;
            print $log JSON::PP::encode_json($request), "\n";
            my ($word) = $request->{path} =~ m{^/(\w+)};
            if ($word eq 'hang') { push @silent, $socket; next }
            $word = $count{ $request->{path} }++ % 2 ? 'ok' : '500' if $word eq 'half';
            syswrite $socket, "HTTP/1.1 $STATUS{$word}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        }
    }
}

# The request, when its body is there.
sub _whole {
    my ($head, $body) = split /\r\n\r\n/, $_[0], 2;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    return if !defined $body || length $body < ($length // 0);
    my ($first, @lines) = split /\r\n/, $head;
    return { path => (split / /, $first)[1], body => $body,
        headers => { map { /^([^:]+): (.*)/ ? (lc $1 => $2) : () } @lines } };
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
