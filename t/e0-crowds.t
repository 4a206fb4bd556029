#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Crowds: visitors have places of their own for costly answers, robots read robots.txt, and fail2ban finds those
# who guess keys and passwords in the log (contract 12, floods).
use strict;
use warnings;
use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Processes qw(programs_of);
use RCAPI::Run qw(patiently run slurp spew);
use RCAPI::Test;

my $DOCS = "$FindBin::Bin/../docs/configuration.md";
my $FILTER = slurp("$FindBin::Bin/../conf/fail2ban.conf");
my ($robots) = slurp($DOCS) =~ /^\*\*A crowd of robots\*\*.*\n(?:.+\n)*\n((?:    .*\n)+)/m;
my ($rules) = slurp($DOCS) =~ /^```text\n(User-agent.*?)^```/ms;

# Two versions of a file that no program compares in a second, and a file of 9 MiB.
sub hard {
    my ($dir) = @_;
    srand 1;
    for (1 .. 2) {
        spew("$dir/hard", join '', map { chr(97 + rand 8) . "\n" } 1 .. 1 << 20);
        spew("$dir/large", "0123456789abcde\n" x (9 << 16));
        RCAPI::Git::git($dir, 'add', '-A');
        RCAPI::Git::git($dir, qw(commit -q -m Made));
    }
}

my $t = RCAPI::Test->new(children => 1, threads => 8, public => 1, whitelist => '*:*', start => 0,
    directives => "RcapiRangeMax 0 0\nRcapiExpensiveMax 2\nRcapiVisitorsMax 1\nRcapiArchiveCache None\n");
spew($t->dir . '/robots.txt', $rules);
$t->{server}{config} .= $robots =~ s{/srv/rcapi/robots\.txt}{$t->dir . '/robots.txt'}er;
$t->start;
$t->repo('open', build => \&hard);
$t->must(create_repo => { repo_name => 'closed', repo_type => 'git', private => 'true' });

subtest 'places of visitors' => sub {
    is $t->get('/open/raw/tip/large')->status, 200, 'one is free';
    my $socket = RCAPI::HTTP::connect_to($t->port);
    syswrite $socket, "GET /open/changeset-diff/tip HTTP/1.1\r\nHost: x\r\n\r\n";
    ok patiently(60, sub { grep { slurp("/proc/$_/cmdline") =~ /^git\0.*diff\0--text/s } programs_of($t->children) }),
        'a visitor has it';
    my $a = $t->get('/open/raw/tip/large');
    is $a->status, 503, 'none is free for another one';
    is $a->header('Retry-After'), 3, 'to be tried again';
    like $t->error_log, qr/Too much is being made for visitors at once; log in, or try again in a moment/, 'the log';
    is $t->get('/open/raw/tip/large', as => 'admin')->status, 200, 'users have another place';
    is $t->get('/open/files/tip/')->status, 200, 'what costs little needs none';
    close $socket;
    ok patiently(60, sub { $t->get('/open/raw/tip/large')->status == 200 }), 'it comes back';
};

# Lines of the log that are of those who guess, and lines that look like them.
subtest 'fail2ban' => sub {
    my $basic = sub { (Authorization => 'Basic ' . encode_base64($_[0], '')) };
    my $before = length $t->error_log;
    my @guesses = (
        sub { $t->get('/closed/changeset-diff/tip', key => 'f' x 40) },
        sub { $t->get('/closed/info/refs?service=git-upload-pack', headers => [$basic->('admin:wrong')]) },
        sub { $t->get('/closed/info/refs?service=git-upload-pack', headers => [$basic->("'\n[client 8.8.8.8]:y")]) },
        sub { $t->call(get_repos => {}, key => 'f' x 40) },
    );
    $_->() for @guesses;
    my @others = ('/closed/changeset-diff/tip', '/closed/info/refs?service=git-upload-pack',
        '/x/the key is unknown or expired', '/open/raw/nothing/x');
    $t->get(s/ /%20/gr) for @others;
    $t->get('/closed/raw/tip/x', as => 'admin');
    my $log = substr $t->error_log, $before;
    my ($client) = $FILTER =~ /^_client = (.*)/m;
    my ($regex) = $FILTER =~ /^failregex = (.*(?:\n +.*)*)/m;
    my @found;
    for my $line (split /\n/, $log) {
        for my $one (split /\n\s*/, $regex) {
            my $perl = $one =~ s/%\(_client\)s/$client/r =~ s/<HOST>/(?<host>[\\d.]+)/r;
            push @found, $+{host} if $line =~ s/^\[[^\]]*\] /[] /r =~ /$perl/;
        }
    }
    is "@found", join(' ', ('127.0.0.1') x @guesses), 'each guess, and nothing else' or diag $log;
    my ($program) = grep { -x } map { "$_/fail2ban-regex" } split /:/, $ENV{PATH};
    return if !$program;
    spew($t->dir . '/log', $log);
    spew($t->dir . '/rcapi.conf', $FILTER);
    my $r = run({ root => 1 }, $program, $t->dir . '/log', $t->dir . '/rcapi.conf');
    like $r->{out}, qr/^Lines: \d+ lines, 0 ignored, @{[scalar @guesses]} matched/m, 'fail2ban-regex'
        or diag $r->{out}, $log;
};

subtest 'robots.txt' => sub {
    is $t->get('/robots.txt')->body, $rules, 'is served';
    is $t->get('/open/files/tip/')->status, 200, 'as is everything else';
};

$t->done;
done_testing;
