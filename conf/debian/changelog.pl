#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Prints debian/changelog, made of CHANGELOG.md: an entry for each release. An argument replaces the version of
# the newest one.
use strict;
use warnings;
use POSIX qw(setlocale strftime LC_ALL);
use Text::Wrap qw(wrap);

my ($version) = @ARGV;
setlocale(LC_ALL, 'C');
sub slurp { local (@ARGV, $/) = @_; return scalar <> }
my ($maintainer) = slurp('conf/debian/control') =~ /^Maintainer: (.*)/m or die "no maintainer\n";
my $text = slurp('CHANGELOG.md');

while ($text =~ /^## (\S+) \((\d+)-(\d+)-(\d+)\)\n\n(.*?)(?=^## |\z)/gms) {
    my ($name, $year, $month, $day, $items) = ($1, $2, $3, $4, $5);
    my $date = strftime('%a, %d %b %Y 00:00:00 +0000', 0, 0, 0, $day, $month - 1, $year - 1900);
    $items = join '', map { wrap('  * ', '    ', s/\s+/ /gr =~ s/ \z//r) . "\n" } split /^- /m, $items =~ s/^- //r;
    print 'mod-rcapi (', $version // $name, ") unstable; urgency=medium\n\n$items\n -- $maintainer  $date\n\n";
    undef $version;
}
