#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The documents say what the code says: generated parts are as make docs writes them, examples of
# directives are accepted by httpd, links lead somewhere, and every command is run by a test.
use strict;
use warnings;
use Cwd ();
use Test::More;
use lib 't/lib';
use RCAPI::Docs;
use RCAPI::Run qw(run slurp);
use RCAPI::Test;

my $build = $ENV{RCAPI_BUILD} || 'build';

my $r = run({ root => 1 }, $^X, 'docs/tables.pl', $build, '--check');
my $home = Cwd::getcwd();
is($r->{exit}, 0, 'generated parts are as make docs writes them') or diag($r->{out}, $r->{err});

subtest 'examples of directives' => sub {
    my @blocks = RCAPI::Docs::blocks('docs/configuration.md', 'apache'); # before the harness leaves this folder
    my $t = RCAPI::Test->new(start => 0);
    my $data = $t->dir . '/data';
    cmp_ok(scalar @blocks, '>', 25, 'there are some');
    for my $block (@blocks) {
        my $text = $block->{text} =~ s{/srv/rcapi/rcapi\.db}{$t->database}egr =~ s{/srv/rcapi/}{$data/}gr;
        my ($exit, $said) = $t->httpd_conf_test($text);
        is($exit, 0, $block->{title}) or diag($said);
    }
    $t->done;
    chdir $home;
};

# The name of a heading in links.
sub anchor { return lc($_[0]) =~ s/[^\w -]//gr =~ tr/ /-/r }

subtest 'links' => sub {
    my %page = map { ($_ => 1) } RCAPI::Docs::pages(), glob 'docs/contract/*.md';
    my %anchors;
    for my $file (keys %page) {
        $anchors{$file}{ anchor($_) } = 1 for slurp($file) =~ /^#+ (.+)/mg;
    }
    for my $file (sort keys %page) {
        my @broken;
        my $text = slurp($file);
        my $folder = $file =~ m{^(.*/)} ? $1 : '';
        for my $link (grep { !/^https?:/ } $text =~ /\]\(([^)]*)\)/g) {
            my ($name, $anchor) = $link =~ /^([^#]*)#?(.*)/;
            my $to = $name eq '' ? $file : $folder . $name;
            push @broken, $link if !-e $to || $anchor ne '' && !$anchors{$to}{$anchor};
        }
        push @broken, grep { !-e } $text =~ m{`((?:docs|conf|src|t|include)/[\w./-]*\w)`}g;
        push @broken, $text =~ m{(?<!\[)(`docs/[\w/-]+\.md`)}g; # a page that could be a link
        is("@broken", '', $file);
    }
};

subtest 'the list of contents names each section' => sub {
    for my $file (RCAPI::Docs::pages()) {
        my ($head, @parts) = split /^## /m, slurp($file) =~ s/^```.*?^```//gmsr;
        my %named = map { ($_ => 1) } $head =~ /\]\(#([^)]+)\)/g;
        my @missing = grep { !$named{ anchor($_) } } map { /^(.+)/ } @parts;
        is(join(', ', @missing), '', $file) if %named;
    }
};

subtest 'width' => sub {
    for my $file (RCAPI::Docs::pages()) {
        my @wide;
        open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
        my $code = 0;
        while (<$in>) {
            $code = !$code if /^\s*```/;
            push @wide, $. if !$code && !/^\|/ && length > 121; # with its end
        }
        is("@wide", '', "$file: lines of text have at most 120 columns");
    }
};

subtest 'manual pages' => sub {
    for my $page (qw(rcapi.conf.5 mod_rcapi.8)) {
        my $r = run({ root => 1 }, $^X, 'docs/man.pl', $build, $page);
        is(join(' ', $r->{out} =~ m{(?<![\w/.-])[\w-]+\.md}g), '', "$page: other pages have their path");
    }
};

subtest 'ids of log messages' => sub {
    my %known;
    for my $row (slurp('docs/operations.md') =~ /^\| (`RC\d{4}`.*?) \|/mg) {
        my @ids = $row =~ /RC(\d{4})/g;
        @ids = $ids[0] .. $ids[1] if $row =~ / to /;
        $known{ sprintf '%04d', $_ } = 1 for @ids;
    }
    my @used = map { slurp($_) =~ /\bRCLOGNO\((\d{4})\)/g } glob('src/http/*.c'), 'mod_rcapi.c';
    cmp_ok(scalar @used, '>', 10, 'there are some');
    is(join(' ', grep { !$known{$_} } @used), '', 'docs/operations.md explains each');
};

# 44 runs the pages for users, 47 those for administrators.
my %RUN = map { ($_ => 1) } qw(README.md docs/api.md docs/views.md docs/authentication.md docs/clients.md
    docs/install.md docs/operations.md);
my @unseen = grep { !$RUN{ $_->{file} } } map { RCAPI::Docs::blocks($_, 'console') } RCAPI::Docs::pages();
is(join(' ', map { "$_->{file}:$_->{title}" } @unseen), '', 'every command is run by a test');

done_testing;
