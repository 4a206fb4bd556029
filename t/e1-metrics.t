#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# GET /_admin/metrics: OpenMetrics text that a parser takes, of all processes, which goes on when they end; who may
# read it; what is counted; the lines of mod_status (contract 12 §3).
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);
use Test::More;
use RCAPI::Run qw(patiently run slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 2, threads => 8, public => 1, whitelist => '*:*',
    directives => "RcapiArchiveCache cache 10M\n<Location /server-status>\nSetHandler server-status\n</Location>\n");
$t->user('bob', password => 'password of bob');
$t->secret('password of bob');
$t->repo('app', commits => 3, args => { enable_downloads => JSON::PP::true() });

# Reads OpenMetrics text 1.0 strictly; returns samples by name and labels, and families by name.
sub parse {
    my ($text) = @_;
    my (%sample, %family, $name, @wrong);
    $text =~ s/\n# EOF\n\z/\n/ or push @wrong, 'no # EOF at the end';
    for (split /\n/, $text) {
        if (/^# (TYPE|HELP|UNIT) ([a-z_]+) (\S.*)\z/) {
            push @wrong, "again: $_" if $1 eq 'TYPE' && $family{$2}{TYPE};
            push @wrong, "not behind TYPE: $_" if $1 ne 'TYPE' && $2 ne $name;
            $family{ $name = $2 }{$1} = $3;
        } elsif (/^([a-z_]+)(\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\})? (-?\d+(?:\.\d+)?)\z/) {
            my ($whole, $labels, $value) = ($1, $2 // '', $3);
            my %ending = (counter => '_total', gauge => '', histogram => '_(?:bucket|count|sum)');
            my $type = $family{$name // ''}{TYPE} // '';
            push @wrong, "no sample of $name: $_" if !defined $ending{$type} || $whole !~ /^\Q$name\E$ending{$type}\z/;
            push @wrong, "twice: $_" if exists $sample{"$whole$labels"};
            $sample{"$whole$labels"} = $value;
        } else {
            push @wrong, "no line: $_";
        }
    }
    push @wrong, map { "$_: unit" } grep { /_seconds\z/ != (($family{$_}{UNIT} // '') eq 'seconds') } keys %family;
    return (\%sample, \%family, @wrong);
}

# The answer to a key in a header.
sub by_key {
    my ($key) = @_;
    return $t->get('/_admin/metrics', headers => ['X-Api-Key' => $key]);
}

sub metrics {
    my $a = by_key($t->key('admin'));
    is $a->status, 200, 'metrics' or diag $a->body;
    my ($sample, $family, @wrong) = parse($a->body);
    is "@wrong", '', 'OpenMetrics';
    return $sample;
}

subtest 'who may read them' => sub {
    is $t->get('/_admin/metrics')->status, 401, 'no key';
    is $t->last->header('WWW-Authenticate'), 'Bearer realm="metrics"', 'what is asked';
    is by_key('f' x 40)->status, 401, 'an unknown key';
    is by_key($t->key('bob'))->status, 403, 'not a super-admin';
    is by_key($t->token('admin', '--role', 'feed'))->status, 401, 'another role';
    is by_key($t->token('admin', '--role', 'api'))->status, 200, 'the role api';
    is $t->last->header('Content-Type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'its type';
    is $t->last->header('Cache-Control'), 'no-store', 'not kept';
    is $t->get('/_admin/metrics', as => 'admin')->status, 401, 'no key in a URL';
    is $t->get('/_admin/metrics', method => 'POST', headers => ['X-Api-Key' => $t->key('admin')])->status, 405,
        'no other method';
};

subtest 'what is counted' => sub {
    my $before = metrics();
    $t->must('get_repos') for 1 .. 3;
    $t->call(get_repo => { repoid => 'none' });
    $t->call(get_repos => {}, key => 'f' x 40);
    $t->call('no_such_method'); # its name would be the client's choice
    $t->get('/app/changeset-diff/tip', as => 'admin');
    $t->get('/app/changeset-diff/none', as => 'admin');
    $t->get('/app/archive/tip.tar.gz', as => 'admin') for 1, 2;
    $t->get('/app/info/refs?service=git-upload-pack',
        headers => [Authorization => 'Basic ' . encode_base64('bob:wrong', '')]);
    my $after = metrics();
    my $more = sub { ($after->{ $_[0] } // 0) - ($before->{ $_[0] } // 0) };
    my %want = (
        'rcapi_calls_total{method="get_repos",outcome="ok"}' => 3,
        'rcapi_calls_total{method="get_repos",outcome="refused"}' => 1,
        'rcapi_calls_total{method="get_repo",outcome="refused"}' => 1,
        'rcapi_calls_total{method="none",outcome="refused"}' => 1,
        'rcapi_requests_total{face="api",status="200"}' => 6,
        'rcapi_requests_total{face="git",status="401"}' => 1,
        'rcapi_request_seconds_count{face="api"}' => 6,
        'rcapi_request_seconds_bucket{face="api",le="+Inf"}' => 6,
        'rcapi_views_total{view="ChangesetController:changeset_raw",status="200"}' => 1,
        'rcapi_views_total{view="ChangesetController:changeset_raw",status="404"}' => 1,
        'rcapi_refused_credentials_total{kind="key",reason="unknown"}' => 1,
        'rcapi_refused_credentials_total{kind="login",reason="wrong"}' => 1,
        'rcapi_cache_total{result="made"}' => 1, 'rcapi_cache_total{result="hit"}' => 1,
    );
    is $more->($_), $want{$_}, $_ for sort keys %want;
    cmp_ok $more->('rcapi_cache_read_bytes_total'), '>', 100, 'bytes of the cache';
    cmp_ok $after->{'rcapi_request_seconds_sum{face="api"}'}, '>', 0, 'seconds';
    is $after->{rcapi_programs_running}, 0, 'nothing runs';
    is $after->{'rcapi_places_taken{limit="RcapiExpensiveMax"}'}, 0, 'no place is taken';
    is join(' ', grep { /app|bob|none"|no_such/ && !/(?:face|method)="none"/ } keys %$after), '',
        'no names of repositories and users';
};

subtest 'they outlive processes' => sub {
    my $count = sub { metrics()->{'rcapi_calls_total{method="get_repos",outcome="ok"}'} };
    my $before = $count->();
    my @children = $t->children;
    kill KILL => @children;
    ok patiently(30, sub { my %now = map { ($_ => 1) } $t->children; %now && !grep { $now{$_} } @children }),
        'other processes';
    is $count->(), $before, 'a kill';
    $t->reload;
    is $count->(), $before, 'a graceful restart';
};

subtest 'mod_status' => sub {
    like $t->get('/server-status?auto', as => 'admin')->body, qr/^RcapiAnswers: [1-9]\d*\nRcapiCalls: [1-9]/m, 'plain';
    like $t->get('/server-status', as => 'admin')->body, qr{<h2>mod_rcapi</h2>\n<dl>\n<dt>RcapiAnswers: \d+</dt>},
        'a page';
};

subtest 'an address list' => sub {
    $t->{server}{config} .= "RcapiMetricsFrom 10.0.0.0/8 127.0.0.1\n";
    $t->reload;
    is $t->get('/_admin/metrics')->status, 200, 'from there without a key';
    $t->{server}{config} =~ s/(RcapiMetricsFrom 10.0.0.0.8) .*/$1/;
    $t->reload;
    is $t->get('/_admin/metrics')->status, 401, 'not from elsewhere';
    my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};
    return if !$promtool;
    my $r = run({ root => 1, stdin => by_key($t->key('admin'))->body }, $promtool, 'check', 'metrics');
    is $r->{exit}, 0, 'promtool' or diag $r->{out}, $r->{err};
};

$t->done;
done_testing;
