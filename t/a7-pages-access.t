#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Who sees a page: the rules of the raw views. A hidden repository is answered like a missing one, also where a URL
# could belong to another face.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Page;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $HTML = { Accept => 'text/html,*/*' };
my $TRUE = JSON::PP::true();
my $t = RCAPI::Test->new(whitelist => 'FilesController:index, SummaryController:*', mounts => ['/', '/plain'],
    directives => "<Location /plain>\nRcapiPages Off\n</Location>\n");
$t->user($_) for qw(owner outsider);
$t->repo($_, commits => 2, args => { owner => 'owner', private => $_ eq 'closed' ? $TRUE : JSON::PP::false() })
    for qw(open closed);
my %token = map { $_ => $t->token('owner', '--role', $_) } qw(http vcs feed);
my @PAGES = ('', '/diff/file?diff=x&diff1=tip', qw(/summary /refs /changelog /changeset/tip /files/tip));

sub status { my ($path, %opt) = @_; return $t->get($path, headers => $HTML, %opt)->status }

# What a client can see of an answer, but for what the URL says and the secret of the form.
sub seen {
    my ($path, %opt) = @_;
    my $a = $t->get($path, headers => $HTML, %opt);
    return join "\n", $a->status, (map { "$_: " . ($a->header($_) // '') } qw(Content-Type Vary ETag WWW-Authenticate
        Content-Security-Policy Cache-Control)), $a->body =~ s/(?:value|href)="[^"]*"//gr;
}

subtest 'visitors' => sub {
    is(status("/open$_"), 200, "open$_") for grep { !/diff/ } @PAGES;
    is(seen("/closed$_"), seen("/absent$_"), "closed$_ is like a missing one") for @PAGES;
    is($t->last->status, 401, '... and asks for a login');
    like($t->last->body, qr{<h1>Log in</h1>}, '... in a page');
    is_deeply([RCAPI::Page::faults($t->last->body)], [], '... of the form of ours');
    is($t->get('/closed/files/tip')->body, 'Unauthorized', '... or as a text, for programs');
    unlike($t->get('/', headers => $HTML)->body, qr/closed/, 'the list');
};

subtest 'users' => sub {
    my $pw = sub { $t->get($_[0], headers => [%$HTML, 'X-Api-Key' => $t->key($_[1])]) };
    is($pw->("/closed$_", 'owner')->status, 200, "the owner: $_") for '', '/files/tip';
    is($pw->('/closed/changelog', 'owner')->status, 401, '... no page that is not on the whitelist');
    is($pw->("/closed$_", 'outsider')->body, $pw->("/absent$_", 'outsider')->body, "an outsider: $_")
        for '', '/files/tip';
    is($t->last->status, 404, '... gets 404');
    like($t->last->body, qr{<h1>Not found</h1>}, '... as a page');
    is(status('/closed', key => $t->key('owner')), 200, 'a key in the URL');
    is(status('/closed', key => $token{http}), 200, 'a token of the role http');
    is(status('/closed', key => $token{$_}), 401, "a token of the role $_ opens nothing") for qw(vcs feed);
    is(status('/open', key => $t->key('outsider')), 200, 'an outsider reads what is open');
    is(status('/open/changelog', key => $t->key('outsider')), 401, '... with a key only what is listed');
    is($t->get('/open', method => 'POST', headers => $HTML)->status, 404, 'no page is posted to');
    is($t->get('/open', method => 'HEAD', headers => $HTML)->status, 200, 'HEAD');
    is($t->last->body, '', '... without a body');
};

subtest 'no anonymous access' => sub {
    $t->admin(qw(anonymous off));
    is(status($_), 401, "$_ is closed") for '/', '/open', '/absent';
    is(seen('/open'), seen('/absent'), 'alike');
    is(status('/', key => $t->key('owner')), 401, 'the list is not on the whitelist');
    $t->admin(qw(anonymous on));
};

subtest 'an address' => sub {
    $t->admin('ip', 'add', 'owner', '10.0.0.0/8');
    is($t->get($_, headers => $HTML, key => $t->key('owner'))->status, 403, "$_ from elsewhere")
        for '/closed', '/absent', '/closed/files/tip';
    like($t->last->body, qr/IP 127\.0\.0\.1 not allowed/, 'with the reason');
    $t->admin('ip', 'remove', 'owner', '10.0.0.0/8');
};

subtest 'RcapiPages Off' => sub {
    is(status("/plain$_"), 404, "/plain$_") for '/', '/open', '/open/files/tip', '/open/diff/file?diff1=tip';
    is(status('/plain/open/changeset-diff/tip'), 200, 'views are there');
};

subtest 'URLs of other faces' => sub {
    is($t->get('/open/changeset-diff/tip')->header('Content-Type'), 'text/plain; charset=utf-8', 'a raw view');
    is($t->get('/open/raw/tip/file/files/x')->status, 404, 'a path of a raw view with our words');
    is($t->get('/open/info/refs?service=git-upload-pack')->header('Content-Type'),
        'application/x-git-upload-pack-advertisement', 'git');
    is($t->get('/_1/info/refs?service=git-upload-pack')->header('Content-Type'),
        'application/x-git-upload-pack-advertisement', '... by the id of a repository');
    is($t->get('/_1/info/refs')->status, 403, '... and its old protocol');
    is($t->get('/open/HEAD')->status, 403, "git's old protocol");
    is($t->get('/_admin/api', method => 'OPTIONS')->status, 200, 'the API');
    is(status('/_admin/nothing'), 404, 'nothing below _admin');
    like($t->last->body, qr{<h1>Not found</h1>}, '... as a page');
    is($t->get('/_admin/nothing')->body, 'Not Found', '... or as a text, for programs');
};

$t->done;
done_testing;
