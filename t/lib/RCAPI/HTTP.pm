# SPDX-License-Identifier: Apache-2.0
package RCAPI::HTTP;

=head1 NAME

RCAPI::HTTP - a plain HTTP/1.1 client that hides nothing

=head1 SYNOPSIS

    my $a = RCAPI::HTTP::request($port, GET => '/x', headers => [Range => 'bytes=0-3'], body => $b);
    $a->{status}; $a->{body}; $a->{head};       # 206, bytes, the header block as sent
    $a->header('ETag'); my @all = $a->header('Set-Cookie');

    my $a = RCAPI::HTTP::raw($port, "GET / HTTP/1.0\r\n\r\n");   # any bytes; answer until close

Header names are found in any case; order and repetition are kept in C<< $a->{headers} >>, a list of
pairs. An answer that is no HTTP has status 0 and everything in C<body>.

=cut

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use RCAPI::Run qw(slow);
use Socket qw(AF_INET INADDR_LOOPBACK SOCK_STREAM SOL_SOCKET SO_SNDTIMEO pack_sockaddr_in);

# Sends a request; method GET, HEAD, ... Headers are a hash or a list of pairs (order is kept).
sub request {
    my ($port, $method, $path, %opt) = @_;
    my @headers = ref $opt{headers} eq 'HASH' ? %{ $opt{headers} } : @{ $opt{headers} // [] };
    my %given = map { $_ % 2 ? () : (lc $headers[$_] => 1) } 0 .. $#headers;
    push @headers, Host => "127.0.0.1:$port" unless $given{host};
    push @headers, Connection => 'close' unless $given{connection};
    push @headers, 'Content-Length' => length $opt{body}
        if defined $opt{body} && !$given{'content-length'} && !$given{'transfer-encoding'};

    my $text = "$method $path HTTP/1.1\r\n";
    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n";
    }
    return raw($port, "$text\r\n" . ($opt{body} // ''), %opt, method => $method);
}

# Sends $text as it is, reads until the server closes; half_close shuts our side down first.
sub raw {
    my ($port, $text, %opt) = @_;
    my $socket = connect_to($port) or return parse("no connection: $!");
    my $end = time + ($opt{timeout} // 30) * slow();
    my $got = '';

    local $SIG{PIPE} = 'IGNORE';
    binmode $socket;
    for (my $at = 0; $at < length $text;) { # a server that refuses early is still heard below
        my $n = syswrite $socket, $text, 65536, $at or last;
        $at += $n;
    }
    shutdown $socket, 1 if $opt{half_close};
    while (time < $end) {
        vec(my $ready = '', fileno $socket, 1) = 1;
        next unless select $ready, undef, undef, 1;
        sysread $socket, $got, 65536, length $got or last;
    }
    close $socket;
    return parse($got, $opt{method});
}

# A connection, for tests that talk by hand; undef with $! when there is none. IO::Socket::INET would
# look up address and protocol each time, which costs more than the connection.
sub connect_to {
    my ($port) = @_;
    my $socket = IO::Socket::INET->new;
    socket $socket, AF_INET, SOCK_STREAM, 0 or return;
    setsockopt $socket, SOL_SOCKET, SO_SNDTIMEO, pack 'l!l!', 10 * slow(), 0; # of connect, too
    connect $socket, pack_sockaddr_in($port, INADDR_LOOPBACK) or return;
    setsockopt $socket, SOL_SOCKET, SO_SNDTIMEO, pack 'l!l!', 0, 0;
    return $socket;
}

# An answer's bytes taken apart.
sub parse {
    my ($text, $method) = @_;
    my $self = bless { status => 0, headers => [], head => '', body => $text, raw => $text }, __PACKAGE__;
    while ($self->{body} =~ s{\A(HTTP/1\.[01] (\d\d\d)[^\n]*\n(?:[^\r\n][^\n]*\n)*)\r?\n}{}) {
        @$self{qw(head status)} = ($1, $2);
        last if $2 >= 200; # 1xx are only announcements
    }
    my (undef, @lines) = split /\r?\n/, $self->{head};
    $self->{headers} = [map { [/^([^:]*):\s*(.*)/] } @lines];
    $self->{body} = _dechunk($self->{body}) if ($self->header('Transfer-Encoding') // '') =~ /chunked/;
    $self->{body} = '' if ($method // '') eq 'HEAD' && $self->{body} eq '';
    return $self;
}

sub _dechunk {
    my ($in) = @_;
    my $out = '';
    while ($in =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $n = hex $1 or last;
        $out .= substr $in, 0, $n, '';
        $in =~ s/\A\r\n//;
    }
    return $out;
}

# All values of a header, in a list; in a scalar joined by ', ', or undef when there is none.
sub header {
    my ($self, $name) = @_;
    my @all = map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
    return wantarray ? @all : @all ? join(', ', @all) : undef;
}

sub status { $_[0]{status} }
sub body   { $_[0]{body} }

# The body as JSON; undef when it is none.
sub json {
    my ($self) = @_;
    return eval { JSON::PP->new->utf8->allow_nonref->decode($self->{body}) };
}

1;
