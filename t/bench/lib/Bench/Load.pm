# SPDX-License-Identifier: Apache-2.0
package Bench::Load;

=head1 NAME

Bench::Load - wrk in rotating rounds

=head1 SYNOPSIS

    my $load = Bench::Load->new(dir => $dir, server => $server, seconds => 1);
    $load->add('static', connections => 16, requests => [[GET => '/static/a', {}, '']]);
    $load->add('api', connections => 16, requests => [...], beside => ['program', ...]);
    $load->add('sql', code => sub { { p50 => 42 } });
    $load->rounds(7, sub { print "@_\n" });
    my @ratios = $load->ratios('api', 'static', 'rate');
    my $counts = $load->counts('api');

Each case is one run of wrk; a round runs them all, starting each time at another place. Only cases
of the same round are compared. All answers of a case with C<refused> must be refusals, those of
others none. A case with C<warm> is run for a second before each of its measurements, so that what
other cases push out of memory does not count. C<beside> is a program that runs during the case. A
case with C<code> is no load: what it returns is its result.

=cut

use strict;
use warnings;
use POSIX ();
use FindBin;
use RCAPI::Run qw(run spew);

my @FIELDS = qw(requests time p50 p99 bytes broken bad late);

sub new {
    my ($class, %opt) = @_;
    return bless { seconds => 1, cases => [], results => {}, %opt }, $class;
}

sub add {
    my ($self, $name, %opt) = @_;
    push @{ $self->{cases} }, $opt{code} ? { %opt, name => $name } : $self->prepare($name, %opt);
}

# A case that is no part of the rounds, for measure.
sub prepare {
    my ($self, $name, %opt) = @_;
    my $file = "$self->{dir}/" . $name =~ tr/A-Za-z0-9_-/_/cr . '.requests';
    spew($file, join '', map { _line(@$_) } @{ $opt{requests} });
    return { seconds => $self->{seconds}, connections => 16, %opt, name => $name, file => $file };
}

sub _line {
    my ($method, $path, $headers, $body) = @_;
    my $heads = join "\1", map { "$_: $headers->{$_}" } sort keys %{ $headers // {} };
    return join("\t", $method, $path, $heads, $body // '') . "\n";
}

# Runs $n rounds of all cases; $say is told.
sub rounds {
    my ($self, $n, $say) = @_;
    my @cases = @{ $self->{cases} };
    for my $round (1 .. $n) {
        $say->("round $round of $n");
        $self->_case($_, $round) for @cases;
        push @cases, splice @cases, 0, 1 + int @cases / $n; # whole groups wander through the round
    }
}

sub _case {
    my ($self, $case, $round) = @_;
    $self->_measure({ %$case, beside => undef }, 1) if $case->{warm};
    $self->{results}{ $case->{name} }[$round] = $case->{code} ? $case->{code}->() : $self->measure($case);
}

# One run of wrk. wrk counts answers that have ended: where others take the processors, not one of 10 MB may end
# in a second or five. Then a longer run.
sub measure {
    my ($self, $case) = @_;
    for my $times (1, 5, 20) {
        my $result = $self->_measure($case, $times * $case->{seconds});
        return $result if $result;
    }
    die "$case->{name}: wrk got no answer\n";
}

sub _measure {
    my ($self, $case, $seconds) = @_;
    my $beside = $case->{beside} && $self->_start_beside($case);
    my $cpu = $self->{server}->cpu;
    my $r = run({ timeout => 30 + $seconds }, 'wrk', '-t1', "-c$case->{connections}",
        "-d${seconds}s", '--timeout', '20s', '-s', "$FindBin::RealBin/requests.lua",
        "http://127.0.0.1:$self->{server}{port}/", '--', $case->{file}, $case->{goes_on} ? $case->{sent} // 0 : 0);
    waitpid $beside, 0 if $beside;
    my %result;
    @result{@FIELDS} = $r->{out} =~ /^RESULT ([\d ]+)$/m ? split ' ', $1 : ();
    die "$case->{name}: wrk failed: $r->{err}$r->{out}" unless $result{time};
    return if !$result{requests};
    my $meant = $case->{refused} ? $result{requests} : 0;
    my $words = "$case->{name}: $result{bad} of $result{requests} answers of status 400 and above\n";
    warn $words if $result{bad} != $meant; # a balancer answers 502 when a server has just closed an idle connection
    die $words if abs($result{bad} - $meant) > $result{requests} / 1000;
    $case->{sent} += $result{requests};
    $result{cpu} = ($self->{server}->cpu - $cpu) / $result{requests};
    $result{rate} = 1e6 * $result{requests} / $result{time};
    return \%result;
}

# Starts the program of a case; its output goes to a file.
sub _start_beside {
    my ($self, $case) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    open STDOUT, '>>', "$self->{dir}/beside" or POSIX::_exit(126);
    exec { $case->{beside}[0] } @{ $case->{beside} } or POSIX::_exit(127);
}

# What one request of a case costs httpd's children: { user, kernel, calls }, instructions and system calls, of
# one client that keeps its connection; undef when they cannot be counted (Bench::Count).
sub counts {
    my ($self, $name) = @_;
    my ($case) = grep { $_->{name} eq $name && !$_->{code} } @{ $self->{cases} };
    return if !$self->{count} || !$case;
    return $self->{counts}{$name} //= do {
        $self->{count}->start($self->{server}->workers);
        my $result = $self->measure({ %$case, connections => 1, seconds => 1, beside => undef });
        my $sums = $self->{count}->stop;
        +{ map { $_ => ($sums->{$_} // 0) / $result->{requests} } keys %$sums };
    };
}

# All values of a field of a case, one for each round.
sub values {
    my ($self, $name, $field) = @_;
    my $list = $self->{results}{$name} or die "no case $name\n";
    return map { $_->{$field} } grep { $_ } @$list;
}

# $field of case $a over that of case $b, in each round.
sub ratios {
    my ($self, $a, $b, $field) = @_;
    my @a = $self->values($a, $field);
    my @b = $self->values($b, $field);
    return map { $a[$_] / ($b[$_] || 1) } 0 .. $#a;
}

1;
