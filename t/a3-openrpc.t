#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The OpenRPC document: contract 10 §4. The rules of that page are checked here; where Python has the
# package jsonschema, the schemas in t/openrpc validate the whole document as well, without a network.
use strict;
use warnings;
use File::Spec;
use JSON::PP ();
use Test::More;

my $VALIDATE = File::Spec->rel2abs('t/openrpc/validate.py'); # RCAPI::Test may change the folder

require RCAPI::Test;
my $t = RCAPI::Test->new;
my $JSON = JSON::PP->new->utf8->allow_nonref->canonical;

sub get { return $t->get('/_admin/api/openrpc.json', @_) }

my $r = get();
my $document = $JSON->decode($r->body);

subtest 'the answer' => sub {
    is $r->status, 200, 'no key is needed';
    is $r->header('Content-Type'), 'application/json', 'type';
    is $r->header('Cache-Control'), 'no-cache', 'caches ask again';
    like $r->header('ETag'), qr/^"[0-9a-f]{20}"$/, 'ETag';
    is get(headers => ['If-None-Match' => $r->header('ETag')])->status, 304, 'not modified';
    is get(headers => ['If-None-Match' => '"x"'])->status, 200, 'modified';
    my $head = get(method => 'HEAD');
    is $head->status . $head->body, '200', 'HEAD';
    my $post = get(method => 'POST', body => '{}');
    is $post->status, 405, 'POST';
    is $post->header('Allow'), 'GET, HEAD', 'what is allowed';
    my $found = $JSON->decode($t->get('/_admin/api', method => 'POST',
        body => '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}')->body);
    is_deeply $found->{result}, $document, 'rpc.discover, without a key';
    is $t->get('/_admin/api', method => 'POST', body => '{"jsonrpc":"2.0","method":"rpc.discover"}')->status, 204,
        'as a notification';
    is $t->call('rpc.discover')->{error}, 'No such method: rpc.discover', 'the other dialect does not have it';
};

# Every object has only the members that OpenRPC knows, and x-…
sub members {
    my ($what, $object, @known) = @_;
    my %known = map { $_ => 1 } @known;
    is join(' ', grep { !$known{$_} && !/^x-/ } sort keys %$object), '', "members of $what";
}

subtest 'the rules of OpenRPC' => sub {
    members('the document', $document, qw(openrpc info servers methods components externalDocs));
    like $document->{openrpc}, qr/^1\.(?:2\.6|3\.[0-2])$/, 'openrpc';
    members('info', $document->{info}, qw(title description termsOfService contact license version));
    ok length $document->{info}{$_}, "info.$_" for qw(title version);
    members('a server', $_, qw(url name description summary variables)) for @{ $document->{servers} };
    is $document->{servers}[0]{url}, $t->url . '/_admin/api', 'where the API is';
    my %seen;
    for my $method (@{ $document->{methods} }) {
        members($method->{name}, $method, qw(name description summary servers tags paramStructure params result errors
            links examples deprecated externalDocs));
        ok !$seen{ $method->{name} }++, "one $method->{name}";
        is $method->{paramStructure}, 'by-name', 'params by name';
        ok $method->{result}{name} && ref $method->{result}{schema}, 'result';
        my $order = join '', map { $_->{required} ? 'r' : 'o' } @{ $method->{params} };
        like $order, qr/^r*o*$/, 'required parameters come first';
        members("$method->{name}: a parameter", $_, qw(name description summary required schema deprecated))
            for @{ $method->{params} };
        ok $_->{name} && ref $_->{schema} eq 'HASH', "$method->{name}: $_->{name}" for @{ $method->{params} };
    }
    is $document->{methods}[-1]{result}{schema}{'$ref'},
        'https://raw.githubusercontent.com/open-rpc/meta-schema/master/schema.json', 'rpc.discover describes itself';
};

subtest 'it is the method table' => sub {
    my %described = map { $_->{name} => $_ } @{ $document->{methods} };
    my @all = @{ $t->must('get_method') };
    is join(' ', sort keys %described), join(' ', sort @all, 'rpc.discover'), 'every method';
    for my $name (@all) {
        my $takes = $t->must(get_method => { pattern => $name })->[1];
        my %params = map { $_->{name} => $_ } @{ $described{$name}{params} };
        is_deeply [sort keys %params], [sort keys %$takes], "$name: parameters";
        my @required = grep { $params{$_}{required} } sort keys %params;
        is_deeply \@required, [grep { $takes->{$_} eq '<RequiredType>' } sort keys %$takes], 'required ones';
    }
    my ($repo) = grep { $_->{name} eq 'repoid' } @{ $described{get_repo}{params} };
    is_deeply $repo->{schema}{type}, ['string', 'integer'], 'names and ids';
    like $repo->{description}, qr/on which the caller has read/, 'the right on it';
    my ($limit) = grep { $_->{name} eq 'lifetime' } @{ $described{create_auth_token}{params} };
    is $limit->{schema}{default}, -1, 'a default';
};

my $checked = $t->run({ stdin => $r->body }, 'python3', $VALIDATE);
SKIP: {
    skip 'python3 with jsonschema is not installed', 1 if $checked->{exit} || $checked->{out} =~ /^no jsonschema/;
    is $checked->{out}, "valid\n", 'valid by the schema of OpenRPC';
}

$t->done;
done_testing;
