# SPDX-License-Identifier: Apache-2.0
package Bench::Type;

=head1 NAME

Bench::Type - what is measured for each type of repository beside git: a history, and its loads and rows

=head1 SYNOPSIS

    my $texts = Bench::Type::texts;                # of 60 files of 200 lines
    my $file = Bench::Type::change($texts, 17);    # the number of the file that changed
    $load->add('svn diff', code => sub { Bench::Type::pairs($bench, 'svn', $host, 'changeset-diff/%s', @program) });
    $load->add('svn log', code => sub { Bench::Type::list_beside($bench, 'svn', \%args, sub { ... }) });
    Bench::Type::raw_loads($bench, $load, 'svn', 'raw/1000/trunk/small.txt');
    Bench::Type::report($bench, $load, 'svn', [name, what, budget, peer], ...);

C<< $bench->{svn}{revisions} >> are those that pairs asks for.

=cut

use strict;
use warnings;
use Bench::Table;
use Bench::Views;
use JSON::PP qw(encode_json);
use RCAPI::HTTP;
use RCAPI::Run qw(run);
use Time::HiRes qw(time);

our $COMMITS = 1000;
my $FILES = 60;
my $LINES = 200;

sub small { 'x' x 1000 . "\n" }

sub texts {
    return [map { my $file = $_; [map { "line $_ of file $file, made once\n" } 1 .. $LINES] } 0 .. $FILES - 1];
}

sub change {
    my ($texts, $i) = @_;
    my $file = $i * 7 % $FILES;
    $texts->[$file][$i * 31 % $LINES] = "changed in $i\n";
    return $file;
}

# --- what is asked

sub path { my ($bench, $type, $view) = @_; return "/rc/$type/$view?" . Bench::Views::key($bench) }

sub get {
    my ($bench, $type, $view) = @_;
    return Bench::Views::send_one($bench, [GET => path($bench, $type, $view), {}]);
}

# All commits, by the API.
sub changesets {
    my ($bench, $type, $args) = @_;
    return RCAPI::HTTP::request($bench->{server}{port}, POST => '/rc/_admin/api', body => encode_json({ id => 1,
        api_key => $bench->{data}->key(2), method => 'get_repo_changesets',
        args => { repoid => $type, limit => $COMMITS, %$args } }));
}

# --- loads

# One request and one process for each revision: times, and how often ours fits into the other.
sub pairs {
    my ($bench, $type, $host, $view, @program) = @_;
    my $lines = join '', map { "$_ " . path($bench, $type, sprintf $view, $_) . "\n" } @{ $bench->{$type}{revisions} };
    my $r = run({ stdin => $lines, timeout => 300 }, "$bench->{dir}/bin/pairs", $bench->{server}{port}, $host,
        @program);
    die "pairs: $r->{err}" if $r->{exit} || $r->{signal};
    my @pairs = map { [split] } split /\n/, $r->{out};
    return { ratio => Bench::Table::median(map { $_->[1] / $_->[0] } @pairs),
        p50 => Bench::Table::median(map { $_->[0] } @pairs), peer => Bench::Table::median(map { $_->[1] } @pairs) };
}

sub timed {
    my ($code) = @_;
    my $begin = time;
    $code->();
    return 1e6 * (time - $begin);
}

# The call for all commits, and $peer.
sub list_beside {
    my ($bench, $type, $args, $peer) = @_;
    my $ours = Bench::Table::median(map { timed(sub { changesets($bench, $type, $args) }) } 1 .. 3);
    my $other = timed($peer);
    return { ratio => $other / $ours, p50 => $ours, peer => $other };
}

# The small file, and the same in git.
sub raw_loads {
    my ($bench, $load, $type, $view) = @_;
    $load->add("$type raw", connections => 16, requests => [[GET => path($bench, $type, $view), {}]]);
    $load->add("$type raw git", connections => 16,
        requests => Bench::Views::ours($bench, $bench->{files}, "raw/$bench->{files}{ids}[0]", 'small.txt'));
}

# --- the table

sub report {
    my ($bench, $load, $type, @rows) = @_;
    for my $row (@rows) {
        my ($name, $what, $budget, $peer) = @$row;
        my ($p50, $other) = map { Bench::Table::median($load->values("$type $name", $_)) / 1000 } qw(p50 peer);
        $bench->{table}->row($what, [$load->values("$type $name", 'ratio')], '>=', $budget, format => '%.1f',
            note => sprintf '%.3g ms, %s %.3g ms', $p50, $peer, $other);
    }
    $bench->{table}->row('raw file of 1 KB / git', [$load->ratios("$type raw", "$type raw git", 'rate')], '>=', 0.5,
        note => Bench::Views::rate($load, "$type raw") . ', git ' . Bench::Views::rate($load, "$type raw git"));
}

1;
