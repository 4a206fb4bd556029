#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin secret rotate while the server runs: no key is lost, and all children go on. A secret
# that is not the database's is noticed at start.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 2);
$t->user('bob');
my $uri = 'http://ann:geheim-1234@127.0.0.1:1/r.git';
$t->secret('geheim-1234');
$t->must(create_repo => { repo_name => 'r', repo_type => 'git' });
$t->must(update_repo => { repoid => 'r', clone_uri => $uri });
my $file = "$t->{dir}/data/secret";

# All that is sealed, in clear, as every child of the server tells it.
sub shown {
    my %seen;
    for (1 .. 20) {
        $seen{ join ' ', (map { @{ $_->{api_keys} } } @{ $t->must('get_users') }),
            $t->must(get_repo => { repoid => 'r' })->{clone_uri} } = 1;
    }
    return join "\n", sort keys %seen;
}

subtest 'rotate' => sub {
    my ($before, $secret) = (shown(), slurp($file));
    my $sealed = 'SELECT ' . $t->hex('sealed') . ' FROM api_key UNION SELECT ' . $t->hex('clone_uri_sealed')
        . ' FROM repo';
    my %old = map { $_ => 1 } split /\n/, $t->sql($sealed);
    like $before, qr/\Q$uri\E/, 'all is shown';
    for my $round (1, 2) {
        is $t->admin(qw(secret rotate)), "7 keys and remote URLs are encrypted with the new secret.\n", 'done';
        isnt slurp($file), $secret, 'a new secret';
        $secret = slurp($file);
        like $secret, qr/\A[0-9a-f]{64}\n\z/, 'alone in its file';
        is sprintf('%o', (stat $file)[2] & 07777), '600', 'which others cannot read';
        is shown(), $before, 'running children show the same';
        my @now = split /\n/, $t->sql($sealed);
        is scalar(grep { $old{$_} } @now), 0, 'all is encrypted anew';
        $old{$_} = 1 for @now;
    }
    my $carl = $t->user('carl');
    like $t->admin(qw(token list carl)), qr/\Q$carl->{api_key}\E/,
        'what a running child makes now fits the new secret';
    is $t->admin('check'), '', 'check is content';
    my $r = $t->try_admin('secret');
    is "$r->{exit} $r->{err}", "2 rcapi-admin: secret requires rotate\n", 'usage';
};

subtest 'another secret' => sub {
    my $wrong = qr/\Q$file\E is not the secret that .+ was encrypted with: put the former file back/;
    unlike $t->error_log, $wrong, 'so far it was right';
    $t->stop;
    rename $file, "$file.right" or die;
    spew($file, '0123456789abcdef' x 4 . "\n");
    chmod 0600, $file;
    $t->start;
    ok patiently(20, sub { $t->error_log =~ $wrong }), 'is noticed at start';
    is $t->get('/r/raw/tip/x', as => 'bob')->status, 404, 'keys are accepted all the same';
    my $r = $t->try_admin(qw(token list bob));
    is $r->{exit}, 1, 'token list';
    is scalar(() = $r->{out} =~ /\(cannot be decrypted with the secret file\)/g), 2, 'goes on past such keys';
    like $r->{err}, qr/^rcapi-admin: 2 keys cannot be decrypted with the secret file: was it replaced\?$/m,
        'and says so';
    like $r->{err}, $wrong, 'rcapi-admin notices, too';
    is $t->must(get_repo => { repoid => 'r' })->{clone_uri}, 'http://ann:*****@127.0.0.1:1/r.git',
        'remotes are shown as to readers';
    rename "$file.right", $file or die;
    is $t->admin('check'), '', 'the right one';
    like $t->admin(qw(token list bob)), qr/\Q${\ $t->key('bob')}\E/, 'opens all again';
};

$t->done;
done_testing;
