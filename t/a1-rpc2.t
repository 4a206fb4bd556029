#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# JSON-RPC 2.0: contract 10 §5, §6. (RhodeCode's dialect: t/20-rpc-protocol.t.)
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $JSON = JSON::PP->new->utf8->allow_nonref->canonical;
$t->user('bob');
$t->repo('tiny', commits => 3);
$t->must(create_repo => { repo_name => 'empty', repo_type => 'git', private => 1 });

# Sends a body, with the key of a user in the header; the answer.
sub post {
    my ($body, %opt) = @_;
    my $key = exists $opt{key} ? $opt{key} : $t->key($opt{as} // 'admin');
    return $t->get('/_admin/api', method => 'POST', body => ref $body ? $JSON->encode($body) : $body,
        headers => ['Content-Type' => 'application/json', defined $key ? ('X-Api-Key' => $key) : ()]);
}

sub answer { return $JSON->decode(post(@_)->body) }

sub request {
    my ($method, $params, %more) = @_;
    return { jsonrpc => '2.0', id => 1, method => $method, defined $params ? (params => $params) : (), %more };
}

# The error of a request: its code, a blank, its message.
sub error {
    my $a = answer(@_);
    return ref $a eq 'HASH' && $a->{error} ? "$a->{error}{code} $a->{error}{message}" : $JSON->encode($a);
}

subtest 'one request' => sub {
    my $r = post(request(test => { args => 'x' }));
    is $r->status, 200, 'status';
    is $r->body, qq({"jsonrpc":"2.0","id":1,"result":"x"}\n), 'one line, no error member';
    is $r->header('Content-Type'), 'application/json', 'type';
    is_deeply answer(request(test => ['y'])), { jsonrpc => '2.0', id => 1, result => 'y' }, 'arguments in order';
    ok ref answer(request('get_users'))->{result}, 'no arguments';
    ok ref answer(request(get_users => []))->{result}, 'an empty array';
    is_deeply answer(request(get_repo => ['tiny']))->{result}{repo_name}, 'tiny', 'an object by its place';
    for my $id ('"a\u00e9\/b"', '9007199254740993', '123456789012345678901234567890', '1.50', '-0', '""', 'null') {
        is post(qq({"jsonrpc":"2.0","method":"test","params":["x"],"id": $id }))->body,
            qq({"jsonrpc":"2.0","id":$id,"result":"x"}\n), "id $id";
    }
    is_deeply answer(request(test => { args => 'x' }, $_ => $t->key('admin')), key => undef)->{result}, 'x',
        "the key as $_" for qw(api_key auth_token);
    is_deeply answer(request(test => { args => 'x' }, api_key => $t->key('admin')), key => 'wrong')->{result}, 'x',
        'which wins';
};

subtest 'errors' => sub {
    is error('{"jsonrpc": "2.0",'), '-32700 Expecting property name enclosed in double quotes: line 1 column 19',
        'not JSON';
    like error('[1,'), qr/^-32700 /, 'nor an array';
    is_deeply answer('["jsonrpc')->{id}, undef, 'its id';
    like post('{"id":1,')->body, qr/"error":"JSON parse error/, 'else the answer is that of the other dialect';
    my $none = '-32600';
    is error([]), "$none a batch has no request", 'empty batch';
    is error([map { request(test => ['x']) } 1 .. 101]), "$none a batch has at most 100 requests", 'a large one';
    is error(request($_)), "$none method is not a string", 'method ' . $JSON->encode($_) for undef, [1], 1;
    is error(request(test => 'x')), "$none params are neither an object nor an array", 'params';
    is error(request(test => ['x'], id => [1])), "$none id is neither a string nor a number nor null", 'id';
    is error(request('nothing')), '-32601 No such method: nothing', 'method';
    is error(request('get_repo')), '-32602 Missing non optional `repoid` arg in JSON DATA', 'missing argument';
    is error(request(test => [1, 2])), '-32602 more arguments than parameters', 'one too many';
    is error(request(create_user => { username => ['x'], email => 'x@example.org' })),
        '-32602 failed to create user `[ "x" ]`', 'type of an argument';
    like error(request(grant_user_permission => ['tiny', 'bob', 'frob'])),
        qr/^-32602 permission `frob` does not exist/, 'value of an argument';
    is error(request(create_auth_token => { role => 'root' })), '-32602 role `root` does not exist', 'role';
    is error(request(test => ['x']), key => undef), q(-32001 Incorrect JSON data. Missing 'api_key or auth_token'),
        'no key';
    is error(request(test => ['x']), key => 'wrong'), '-32001 Invalid API KEY', 'invalid key';
    is error(request(test => ['x']), key => $t->token('bob', '--role', 'feed')),
        '-32003 API KEY has bad role for an API call', 'role';
    is error(request('get_users'), as => 'bob'), '-32003 Access was denied to this resource.', 'forbidden';
    is error(request(get_repo => ['none'])), '-32000 repository `none` does not exist', 'anything else';
    $t->admin(qw(ip add bob 10.0.0.1));
    is error(request(test => ['x']), as => 'bob'), '-32003 Request from IP:127.0.0.1 not allowed', 'address';
    $t->admin(qw(ip remove bob 10.0.0.1));
};

subtest 'reasons' => sub {
    my $a = answer(request(create_repo => { repo_name => 'x', repo_type => 'cvs' }));
    is $a->{error}{message}, 'failed to create repository `x`', "the contract's text";
    like $a->{error}{data}{reason}, qr/cvs/, 'with its reason';
    $a = answer(request(update_repo => { repoid => 'tiny', landing_rev => 'x' }), as => 'admin');
    like $a->{error}{data}{reason}, qr/./, 'for an administrator of the repository';
    $a = answer(request(comment_commit => { repoid => 'tiny', commit_id => 'none', message => 'x' }), as => 'bob');
    is_deeply [sort keys %{ $a->{error} }], [qw(code message)], 'but for no reader';
};

subtest 'notifications' => sub {
    my $r = post({ jsonrpc => '2.0', method => 'create_gist', params => { files => { a => { content => 'x' } } } });
    is $r->status, 204, 'status';
    is $r->body, '', 'no body';
    is $r->header('Content-Type'), undef, 'no type';
    is scalar @{ $t->must('get_gists') }, 1, 'it was done';
    for my $method (qw(nothing get_repo)) {
        $r = post({ jsonrpc => '2.0', method => $method });
        is $r->status . $r->body, '204', "not answered: $method";
    }
    $r = post({ jsonrpc => '2.0', method => 'test', params => ['x'] }, key => 'wrong');
    is $r->status . $r->body, '204', 'nor is an invalid key';
    $r = post([map { { jsonrpc => '2.0', method => 'test', params => [$_] } } 1, 2]);
    is $r->status . $r->body, '204', 'nor a batch of them';
};

# Sends bodies at the same time; the answers.
sub together {
    my @sockets = map {
        my $socket = RCAPI::HTTP::connect_to($t->port);
        my $body = $JSON->encode($_);
        syswrite $socket, "POST /_admin/api HTTP/1.1\r\nHost: x\r\nX-Api-Key: " . $t->key('admin')
            . "\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        $socket;
    } @_;
    return map { local $/; RCAPI::HTTP::parse(scalar readline $_) } @sockets;
}

subtest 'a database that is busy for long' => sub {
    plan skip_all => 'a database on a server has no lock file' if RCAPI::Test::on_server();
    my @update = (update_repo => { repoid => 'tiny', description => 'x' });
    my $old = { id => 7, auth_token => $t->key('admin'), method => $update[0], args => $update[1] };
    my $lock = $t->block_writers;
    my @answers = together(request(@update, id => 'a'),
        { jsonrpc => '2.0', method => $update[0], params => $update[1] },
        [request(test => ['x'], id => 2), request(@update, id => 3)], $old);
    close $lock;
    my $failed = '"error":{"code":-32603,"message":"Internal server error"}';
    my @bodies = map { $_->status . ' ' . ($_->header('Retry-After') // '-') . ' ' . $_->body } @answers;
    is $bodies[0], qq(503 3 {"jsonrpc":"2.0","id":"a",$failed}\n), 'a request may be repeated';
    is $bodies[1], qq(503 3 {"jsonrpc":"2.0","id":null,$failed}\n), 'so may a notification';
    is $bodies[2], qq(200 - [{"jsonrpc":"2.0","id":2,"result":"x"},{"jsonrpc":"2.0","id":3,$failed}]\n),
        'a batch has the error in its place';
    is $bodies[3], qq(503 3 {"id":7,"result":null,"error":"Internal server error"}\n), 'the other dialect has its id';
    is $answers[0]->header('Content-Type'), 'application/json', 'type';
    is error(request(@update)) =~ s/.*"result".*/done/r, 'done', 'then it is done';
};

subtest 'batches' => sub {
    my $answers = answer([
        request(test => ['a'], id => 1), request('nothing', undef, id => 'n'), 1, {},
        { jsonrpc => '2.0', method => 'test', params => ['silent'] }, { id => 3, method => 'test', args => {} },
        request(create_repo => ['made', 'git'], id => 4), request(create_repo => ['made', 'git'], id => 5),
        request(get_repo => ['made'], id => 6),
    ]);
    is_deeply [map { $_->{id} } @$answers], [1, 'n', undef, undef, undef, 4, 5, 6], 'answers in order';
    is_deeply [map { $_->{error} && $_->{error}{code} } @$answers],
        [undef, -32601, -32600, -32600, -32600, undef, -32000, undef], 'each for itself';
    is $answers->[7]{result}{repo_name}, 'made', 'a later one sees what an earlier one did';
    is scalar @{ answer([map { request(test => [$_], id => $_) } 1 .. 100]) }, 100, '100 requests';
    is_deeply answer([request(test => ['x'], api_key => 'wrong'), request(test => ['y'])], as => 'bob')->[1]{result},
        'y', 'each may have a key';
    like post('[{"jsonrpc":"2.0","id":1.50,"method":"test","params":["x"]}]')->body,
        qr/^\[\{"jsonrpc":"2.0","id":1\.50,"result":"x"\}\]\n\z/, 'one line';

    my $token = $t->must(create_auth_token => {}, as => 'bob')->{auth_token};
    $t->secret($token->{auth_token});
    $answers = answer([request(test => ['x']), request(delete_auth_token => [$token->{auth_token_id}]),
        request(test => ['x'])], key => $token->{auth_token});
    is_deeply [map { $_->{error} && $_->{error}{message} } @$answers], [undef, undef, 'Invalid API KEY'],
        'a key that a request deletes is void for the next one';
};

subtest 'the answer of a batch is limited as one' => sub {
    my $small = RCAPI::Test->new(directives => "RcapiRangeMax 100000 60\n");
    $small->must(create_user => { username => 'u' . $_, email => "u$_\@example.org", firstname => 'x' x 200 })
        for 1 .. 40;
    my $r = $small->get('/_admin/api', method => 'POST', headers => ['X-Api-Key' => $small->key('admin')],
        body => $JSON->encode([map { request('get_users') } 1 .. 20]));
    my $a = $JSON->decode($r->body);
    ok ref $a eq 'HASH' && $a->{error}{code} == -32000, 'too large';
    $small->done;
};

$t->done;
done_testing;
