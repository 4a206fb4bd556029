# SPDX-License-Identifier: Apache-2.0
package Bench::History;

=head1 NAME

Bench::History - a large bare repository, always the same, and ordinary commits of any repository

=head1 SYNOPSIS

    Bench::History::make($path, files => 3000, commits => 5000);
    my @ids = Bench::History::ordinary($path, 200);

The tree is three folders deep; a commit edits one to three files in a place or two, sometimes adds,
removes or renames one. The pack is made as a server's would be.

=cut

use strict;
use warnings;
use IPC::Open2;
use RCAPI::Git;
use RCAPI::Run qw(run);

my @WORDS = map { my $n = $_; join '', map { chr 97 + ($n = $n * 7919 % 104_729) % 26 } 1 .. 3 + $_ % 7 } 2 .. 900;

sub make {
    my ($path, %opt) = @_;
    RCAPI::Git::git('.', qw(init -q --bare -b master), $path);
    open my $in, '|-', 'git', '-C', $path, qw(-c core.compression=1 fast-import --quiet --done) or die "git: $!";
    binmode $in;
    my $h = { state => 42, in => $in, files => {}, when => 1_200_000_000 };
    _begin($h, 'Begin');
    _edit($h, _name($h, $_), 3) for 1 .. $opt{files};
    $h->{names} = [sort keys %{ $h->{files} }];
    for my $i (1 .. $opt{commits}) {
        _begin($h, "Change $i");
        _change($h, $i) for 0 .. _dice($h, 3);
    }
    print $in "done\n";
    close $in or die "git fast-import failed\n";
    RCAPI::Git::git($path, { timeout => 120 }, qw(repack -adfq --depth=50 --window=6 --threads=2));
    RCAPI::Git::git($path, qw(pack-refs --all));
}

# A number from 0 to $n - 1.
sub _dice {
    my ($h, $n) = @_;
    $h->{state} = ($h->{state} * 1_103_515_245 + 12_345) % 2**31;
    return int $h->{state} / 65_536 % $n;
}

sub _begin {
    my ($h, $subject) = @_;
    $h->{when} += 3600;
    print { $h->{in} } "commit refs/heads/master\ncommitter Carl <carl\@example.org> $h->{when} +0100\n",
        'data ', length $subject, "\n$subject\n";
}

# Folders of about 20 entries.
sub _name {
    my ($h, $i) = @_;
    return sprintf 'part%02d/%s/%s%d.c', $i % 12, $WORDS[$i % 13], $WORDS[$i % 400], $i;
}

sub _line {
    my ($h) = @_;
    return join(' ', map { $WORDS[_dice($h, scalar @WORDS)] } 0 .. _dice($h, 9)) . "\n";
}

# Writes a file with $places changes; a new file has 20 to 200 lines.
sub _edit {
    my ($h, $name, $places) = @_;
    my $lines = $h->{files}{$name} //= [map { _line($h) } 1 .. 20 + _dice($h, 10) * _dice($h, 20)];
    for (1 .. $places) {
        splice @$lines, _dice($h, scalar @$lines), _dice($h, 3), map { _line($h) } 0 .. _dice($h, 4);
    }
    my $text = join '', @$lines;
    print { $h->{in} } "M 100644 inline $name\ndata ", length $text, "\n", $text, "\n";
}

sub _change {
    my ($h, $i) = @_;
    my $names = $h->{names};
    my $at = _dice($h, scalar @$names);
    my $name = $names->[$at];
    my $what = _dice($h, 40);
    if ($what == 0) {
        delete $h->{files}{$name};
        splice @$names, $at, 1;
        print { $h->{in} } "D $name\n";
    } elsif ($what < 3) {
        my $new = _name($h, 100_000 + 10 * $i + $what);
        return if $h->{files}{$new};
        $h->{files}{$new} = delete $h->{files}{$name} if $what == 1;
        $names->[$what == 1 ? $at : @$names] = $new;
        print { $h->{in} } "R $name $new\n" if $what == 1;
        _edit($h, $new, 1);
    } else {
        _edit($h, $name, 1 + _dice($h, 2));
    }
}

# $n commits with one parent, evenly over the history of HEAD.
sub ordinary {
    my ($path, $n) = @_;
    my @all = split /\n/, RCAPI::Git::git($path, qw(rev-list --no-merges --min-parents=1 HEAD));
    $n = @all if $n > @all;
    return map { $all[$_ * @all / $n] } 0 .. $n - 1;
}

1;
