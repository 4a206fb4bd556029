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

# A row: what, the values of the rounds, '>=' or '<=' and the budget (undef: none), unit, note.
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
        defined $budget ? "$sign $budget$unit" : '', $verdict, $opt{note} // ''];
}

# A row that could not be measured.
sub skip {
    my ($self, $what, $why) = @_;
    push @{ $self->{lines} }, ["  $what", '-', '', '', '', $why];
}

sub text {
    my ($self) = @_;
    my @all = (['', 'median', '[quartiles]', 'budget', '', ''], @{ $self->{lines} });
    my @width = map { my $i = $_; max(map { @$_ > 1 ? length $_->[$i] : 0 } @all) } 0 .. 4;
    my $text = '';
    for my $line (@all) {
        my $row = @$line > 1 ? sprintf "%-*s  %*s  %-*s  %-*s  %-*s  %s", map({ ($width[$_], $line->[$_]) } 0 .. 4),
            $line->[5] : $line->[0];
        $text .= $row =~ s/\s+$//r . "\n";
    }
    return $text;
}

sub below { $_[0]{below} }

1;
