# SPDX-License-Identifier: Apache-2.0
package RCAPI::Page;

=head1 NAME

RCAPI::Page - what a page of ours consists of

=head1 SYNOPSIS

    my @faults = RCAPI::Page::faults($html);      # what no page of ours may hold
    my @urls = RCAPI::Page::links($html);         # of links, pictures and forms, without anchors
    my @lines = RCAPI::Page::diff_lines($html);   # "+new", "-old", " same" of all files
    my $text = RCAPI::Page::text($html);          # without tags, characters as they are shown

=cut

use strict;
use warnings;
use Digest::SHA qw(sha256_base64);
use RCAPI::HTTP;

# The tags that pages write, each with the attributes that it may have.
my %TAGS = map { my ($tag, @names) = split; $tag => { map { $_ => 1 } qw(class id), @names } } split /\n/, <<'END';
html lang
head
meta charset name content
title
link rel type title href
style
body
a href aria-current rel
header
nav aria-label
main
footer
h1
h2
h3
p role
br
span
strong
time datetime
table
colgroup
col
thead
tbody
tr
th scope
td colspan
pre
code
dl
dt
dd
img src alt
form action role method
label
input type name value maxlength autocomplete required list
datalist
select name
textarea name rows
option value selected
button name value aria-label
END

my %ENTITY = (amp => '&', lt => '<', gt => '>', quot => '"', '#39' => "'");

sub _decoded { return $_[0] =~ s/&(amp|lt|gt|quot|#39);/$ENTITY{$1}/gr }

# Calls $fn with (name, { attributes }) for each tag; what is no tag of the form that we write is a fault.
sub _tags {
    my ($html, $fn) = @_;
    my @faults;
    $html =~ s{<style>[^<]*</style>}{};
    $html =~ s{\A<!DOCTYPE html>}{} or push @faults, 'no doctype';
    while ($html =~ /\G[^<>]*(?:<(\/?)(\w+)((?:\s+[\w-]+(?:=(?:"[^"<>]*"|[^\s"'<>`=]+))?)*)>|([<>].{0,40}))/gcs) {
        my ($end, $name, $rest, $other) = ($1, $2, $3, $4);
        push(@faults, "no tag: $other"), last if defined $other;
        my %attributes;
        $attributes{$1} = _decoded($2 // $3 // '') while $rest =~ /([\w-]+)(?:=(?:"([^"]*)"|([^\s"]+)))?/g;
        push @faults, map { "$name has $_" } grep { !$TAGS{$name} || !$TAGS{$name}{$_} } sort keys %attributes;
        push @faults, "unknown tag $name" if !$TAGS{$name};
        $fn->($name, \%attributes) if !$end;
    }
    push @faults, 'an entity of no kind: ' . substr $html, $-[0], 20
        if $html =~ /&(?!(?:amp|lt|gt|quot|#39);)/;
    return @faults;
}

# What a reader of the screen would miss.
sub _unreadable {
    my ($html) = @_;
    my @faults;
    push @faults, 'no language' if $html !~ /<html lang=en>/;
    push @faults, "a landmark without a name: $_" for grep { !/aria-label=\w/ } $html =~ /<nav[^>]*>/g;
    push @faults, map { "a head of no column: $_" } grep { !/ scope=col/ } map { /<th\b[^>]*>/g }
        $html =~ m{<thead>(.*?)<tbody>}gs;
    push @faults, map { "without a label: $_" } grep { !/type=hidden/ } ($html =~ s{<label>.*?</label>}{}gsr)
        =~ /<(?:input|select|textarea)[^>]*>/g;
    push @faults, "a picture without a text: $_" for grep { !/ alt="[^"]/ } $html =~ /<img[^>]*>/g;
    return @faults;
}

sub faults {
    my ($html) = @_;
    my (%ids, @faults);
    push @faults, _tags($html, sub {
        my ($name, $has) = @_;
        push @faults, "id $has->{id} twice" if defined $has->{id} && $ids{ $has->{id} }++;
        for (grep { defined $has->{$_} } qw(href src action)) {
            push @faults, "$name leads to $has->{$_}"
                if $has->{$_} !~ m{^(?:/(?![/\\])|\#)} || $has->{$_} =~ /[\0-\x20]/;
        }
    });
    push @faults, 'not one main' if (() = $html =~ /<main id=main>/g) != 1;
    push @faults, 'not one h1' if (() = $html =~ /<h1>/g) != 1;
    push @faults, _unreadable($html);
    push @faults, 'control characters' if $html =~ /[\x00-\x08\x0b-\x1f\x7f]/;
    return @faults;
}

sub links {
    my ($html) = @_;
    my @urls;
    _tags($html, sub { push @urls, grep { defined && s/#.*//r ne '' } map { $_[1]{$_} } qw(href src) });
    return map { s/#.*//r } @urls;
}

sub diff_lines {
    my ($html) = @_;
    return map { _decoded($_) } $html =~ m{^<tr(?: class=[ad])?><th>\d*<th>\d*<td>(.*)$}mg;
}

# [old number, new number] of the same lines.
sub diff_numbers { return map { [split /<th>/, $_, -1] } $_[0] =~ m{^<tr(?: class=[ad])?><th>(\d*<th>\d*)<td>}mg }

sub text {
    my ($html) = @_;
    $html =~ s{<style>.*?</style>}{}s;
    return _decoded($html =~ s/<[^>]*>//gr);
}

# The policy that a page of this text must have.
sub policy {
    my ($html) = @_;
    my ($style) = $html =~ m{<style>(.*?)</style>}s;
    return "default-src 'none'; img-src 'self'; style-src 'sha256-" . sha256_base64($style) . "='; "
        . "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

# Follows all links of the pages from $path on, up to $most URLs; [url, answer] of each.
sub crawl {
    my ($t, $path, $most, %opt) = @_;
    my (%seen, @todo, @found);
    @todo = ref $path ? @$path : $path;
    while (defined(my $url = shift @todo)) {
        next if $seen{$url}++;
        my $a = $t->get($url, headers => { Accept => 'text/html' }, %opt);
        push @found, [$url, $a];
        last if @found >= $most;
        push @todo, links($a->body) if ($a->header('Content-Type') // '') =~ m{^text/html};
        push @todo, map { _decoded(s{^\Q@{[ $t->url ]}\E}{}r) } $a->body =~ m{(?:<link>|href=")(http[^<"]+)}g
            if ($a->header('Content-Type') // '') =~ m{^application/(?:atom|rss)};
    }
    return @found;
}

1;
