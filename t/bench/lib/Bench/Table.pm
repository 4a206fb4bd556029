# SPDX-License-Identifier: Apache-2.0
package Bench::Table;

=head1 NAME

Bench::Table - medians with quartiles beside their budgets

=head1 SYNOPSIS

    my $table = Bench::Table->new;
    $table->head('API calls');
    $table->row('test, 16 connections', [0.9, 1.1, 1.0], '>=', 0.9, note => '12000/s');
    print $table->text;

=cut

use strict;
use warnings;
use List::Util qw(max);

sub new { bless { lines => [], below => 0 }, shift }

# The value below which the part $q of a list is, between neighbours by their distance.
sub quantile {
    my ($q, @list) = @_;
    @list = sort { $a <=> $b } @list or return 0;
    my $at = $q * $#list;
    my $i = int $at;
    return $list[$i] + ($at - $i) * (($list[$i + 1] // $list[$i]) - $list[$i]);
}

sub median { quantile(0.5, @_) }

sub head {
    my ($self, $text) = @_;
    push @{ $self->{lines} }, [$text];
}

# A row: what, the values of the rounds, '>=' or '<=' and the budget (undef: none), unit, note, cost: what a
# request of the two that are compared costs (Bench::Load's counts), judged by the budget of their rates.
sub row {
    my ($self, $what, $values, $sign, $budget, %opt) = @_;
    my $format = $opt{format} // '%.2f';
    my ($median, $low, $high) = map { sprintf $format, quantile($_, @$values) } 0.5, 0.25, 0.75;
    my $spread = @$values > 1 ? "[$low..$high]" : '';
    my $verdict = '';
    if (defined $budget) {
        my $ok = $sign eq '>=' ? $median >= $budget : $median <= $budget;
        $verdict = $ok ? 'ok' : 'BELOW';
        $self->{below}++ if !$ok;
    }
    my $unit = $opt{unit} ? " $opt{unit}" : '';
    push @{ $self->{lines} }, ["  $what", "$median$unit", $spread,
        defined $budget ? "$sign $budget$unit" : '', $verdict, $self->_cost($budget, @{ $opt{cost} // [] }),
        $opt{note} // ''];
}

# Thousands of instructions, user and kernel; those of the other one over them; system calls.
sub _cost {
    my ($self, $budget, $own, $other) = @_;
    my ($all, $others) = map { ($_->{user} // 0) + ($_->{kernel} // 0) } $own // {}, $other // {};
    my $ratio = $all && $others ? $others / $all : undef;
    my $low = defined $ratio && defined $budget && $ratio < $budget;
    $self->{below}++ if $low;
    return ($all ? sprintf '%.0fk', $all / 1000 : '',
        defined $ratio ? sprintf('%.2f', $ratio) . ($low ? ' BELOW' : '') : '',
        $own && defined $own->{calls} ? sprintf '%.1f', $own->{calls} : '');
}

# A row that could not be measured.
sub skip {
    my ($self, $what, $why) = @_;
    push @{ $self->{lines} }, ["  $what", '-', '', '', '', '', '', '', $why];
}

sub text {
    my ($self) = @_;
    my $counted = grep { @$_ > 1 && "@$_[5 .. 7]" =~ /\d/ } @{ $self->{lines} };
    my @all = (['', 'median', '[quartiles]', 'budget', '', $counted ? ('instr.', 'ratio', 'calls') : ('') x 3, ''],
        @{ $self->{lines} });
    my @width = map { my $i = $_; max(map { @$_ > 1 ? length $_->[$i] : 0 } @all) } 0 .. 7;
    my $text = '';
    for my $line (@all) {
        my $row = @$line > 1 ? sprintf "%-*s  %*s  %-*s  %-*s  %-*s  %*s  %-*s  %*s  %s",
            map({ ($width[$_], $line->[$_]) } 0 .. 7), $line->[8] : $line->[0];
        $text .= $row =~ s/\s+$//r . "\n";
    }
    return $text;
}

sub below { $_[0]{below} }

1;
