#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Contract 00: the endpoint, both dialects, every protocol error in its order, id echo, arguments.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiMaxRequestBody 4096\n");
my $K = $t->key('admin');
$t->user('bob');
$t->user('idle', active => \0);

# The bytes of an answer to a body, and its decoded form by the harness.
sub answer {
    my ($body, %opt) = @_;
    my $r = $t->get('/_admin/api', method => 'POST', body => $body, %opt);
    return $r->body =~ s/\n\z//r;
}

# Asks with a body; the one error text of the answer, which must be a proper envelope.
sub error_of {
    my $body = shift;
    my $text = answer($body, @_);
    return $text =~ /"result":null,"error":"((?:[^"\\]|\\.)*)"\}\z/ ? $1 =~ s/\\(["\\])/$1/gr : "no error: $text";
}

# A byte-order mark is no part of the text; what is no JSON is named.
subtest 'what came instead' => sub {
    my $ok = qq({"id":1,"api_key":"$K","method":"test","args":{"args":"x"}});
    is answer("\xef\xbb\xbf$ok"), '{"id":1,"result":"x","error":null}', 'a byte-order mark';
    is answer("\xef\xbb\xbf" . $ok =~ s/"id":1,//r), '{"result":"x","error":null}', '... before the 1.2 dialect';
    is error_of("\xef\xbb\xbf"), 'JSON parse error ERR:Expecting value: line 1 column 1 (char 0) RAW:<3 bytes>',
        '... before nothing';
    is error_of("\xef\xbb\xbf\xef\xbb\xbf$ok"), 'JSON parse error ERR:Expecting value: line 1 column 1 (char 0) RAW:<'
        . (6 + length $ok) . ' bytes>', '... twice';
    for my $case (
        ["\x1f\x8b\x08\0\0", 'gzip data'], ["\x28\xb5\x2f\xfdx", 'zstd data'], ["\x78\x9cxyz", 'zlib data'],
        ["\xff\xfe{\0\"\0", 'UTF-16 text, not UTF-8'],
        ["\xfe\xff\0{\0\"", 'UTF-16 text, not UTF-8'], ["{\0\"\0", 'UTF-16 text, not UTF-8'],
        ["\0{\0\"", 'UTF-16 text, not UTF-8'], ["\xff\xfe\0\0{\0\0\0", 'UTF-32 text, not UTF-8'],
        ['method=test&args=1', 'a URL-encoded form'],
        ["--x\r\nContent-Disposition: form-data\r\n", 'a multipart form'], [" \r\n\t", 'empty'],
        ['<methodCall/>', 'XML or HTML'], ['%7B%22id%22%3A1%7D', 'URL-encoded'],
    ) {
        my ($body, $kind) = @$case;
        my $start = qr/JSON parse error ERR:[A-Z].*, but the body is \Q$kind\E/;
        my $note = qr/(?: \(Content-Encoding is not supported\))/;
        my $place = qr/line 1 column \d+ \(char \d+\)/;
        like error_of($body),
            qr/\A$start$note?: $place RAW:<${\length $body} bytes>\z|\QExpecting value, but the body is $kind: line 2/,
            $kind;
    }
    is error_of('{"a":1,}'),
        'JSON parse error ERR:Expecting property name enclosed in double quotes: line 1 column 8 (char 7) RAW:<8 '
            . 'bytes>', 'broken JSON is none of these';
    is error_of($_), 'JSON parse error ERR:Expecting value: line 1 column 1 (char 0) RAW:<' . length($_) . ' bytes>',
        "$_" for 'nonsense', 'x', '=x';
};

# Where the answer is a fixed text, the log says why, with the request's id and without the key.
subtest 'reasons in the log' => sub {
    my $log = sub { my $at = length $t->error_log; $_[0]->(); substr $t->error_log, $at };
    my $id = qr/\(request ([^\s)]+)\)/; # base64: also + and /
    my $said = $log->(sub { is $t->call(create_repo => { repo_name => 'typed', repo_type => 'cvs' })->{error},
        'failed to create repository `typed`', 'a failure text' });
    like $said, qr/rcapi:warn.* method create_repo failed \(user 'admin'\): .*cvs.* $id$/m,
        'a failure is a warning, with its reason';
    $said =~ $id;
    is $t->last->header('X-Request-Id'), $1, 'and an id that the answer has, too';
    $said = $log->(sub { error_of(qq({"id":1,"api_key":"$K","method":"get_repo","args":{"repoid":"$K"}})) });
    like $said, qr/rcapi:info.* method get_repo refused \(user 'admin'\): repository `\*\*\* $id$/m,
        'a refusal is info; the key is not shown';
    is $t->last->header('X-Request-Id'), undef, 'its answer is as ever';
    $said = $log->(sub { $t->call(get_users => {}, as => 'bob') });
    like $said, qr/rcapi:info.* method get_users refused \(user 'bob'\): Access was denied.* $id$/m, 'a missing right';
    $said = $log->(sub { error_of($_) for '{', 'x=1', qq({"id":1,"api_key":"$K","method":"$K","args":{}}),
        '{"id":1,"method":"x"}', qq({"id":1,"api_key":"wrong-$K","method":"test","args":{}}) });
    like $said, qr/rcapi:info.* call refused: \Q$_\E.* $id$/m,
        $_ for 'JSON parse error ERR:Expecting value, but the body is a URL-encoded form: line 1 column 1 (char 0) '
            . 'RAW:<3 bytes>',
        'No such method: ***', "Incorrect JSON data. Missing 'api_key or auth_token'";
    like $said, qr/rcapi:info.* method test refused: Invalid API KEY $id$/m, 'a wrong key';
};

subtest 'transport' => sub {
    my $ok = qq({"id":1,"api_key":"$K","method":"test","args":{"args":"x"}});
    my $r = $t->get('/_admin/api', method => 'POST', body => $ok);
    is $r->status, 200, 'status';
    is $r->header('Content-Type'), 'application/json', 'type';
    is $r->body, qq({"id":1,"result":"x","error":null}\n), 'one line, keys in order';
    is answer($ok, headers => { 'Content-Type' => $_ }), '{"id":1,"result":"x","error":null}', $_
        for qw(text/plain application/json application/x-www-form-urlencoded);
    is $t->get('/_admin/api/', method => 'POST', body => $ok)->body, $r->body, 'trailing slash';
    is answer($ok, method => 'GET'), '{"id":1,"result":"x","error":null}', 'GET with a body';
    is $t->get('/_admin/apix', method => 'POST', body => $ok)->status, 404, 'another path is no API';
    for my $method (qw(PUT DELETE PATCH OPTIONS)) {
        my $a = $t->get('/_admin/api', method => $method, body => $ok);
        is $a->status, 200, "$method: 200";
        is $a->body,
            qq({"id":null,"result":null,"error":"unsupported request method \\"$method\\". Please use POST"}\n),
            "$method: the text";
    }
    is $t->get('/_admin/api', method => 'HEAD')->status, 200, 'HEAD';
};

subtest 'length' => sub {
    my $head = "Host: x\r\nConnection: close\r\n";
    my $body = sub { $t->raw_request($_[0])->body =~ s/\n\z//r };
    my $ok = qq({"id":1,"api_key":"$K","method":"test","args":{"args":1}});
    is $body->("POST /_admin/api HTTP/1.1\r\n$head\r\n"),
        '{"id":null,"result":null,"error":"Empty body, No Content-Length in request"}', 'no length';
    is $body->("GET /_admin/api HTTP/1.1\r\n$head\r\n"),
        '{"id":null,"result":null,"error":"Empty body, No Content-Length in request"}', 'GET without a body';
    is $body->("POST /_admin/api HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n"),
        '{"id":null,"result":null,"error":"Content-Length is 0"}', 'length 0';
    my $half = int(length($ok) / 2);
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } substr($ok, 0, $half), substr($ok, $half);
    is $body->("POST /_admin/api HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n"),
        '{"id":1,"result":1,"error":null}', 'chunked';
    is $body->("POST /_admin/api HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        '{"id":null,"result":null,"error":"Content-Length is 0"}', 'chunked and empty';
    like $t->raw_request("POST /_admin/api HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n")->status,
        qr/^4\d\d$/, 'malformed chunk';
    is error_of(' ' x 4097), 'Request body is larger than 4096 bytes', 'one byte too large';
    like error_of(' ' x 4096), qr/^JSON parse error/, 'just fits';
    my $large = sprintf("%x\r\n%s\r\n", 3000, 'x' x 3000) x 3;
    is $body->("POST /_admin/api HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${large}0\r\n\r\n"),
        '{"id":null,"result":null,"error":"Request body is larger than 4096 bytes"}', 'too large in chunks';
    my $r = $t->raw_request("POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{");
    like $r->body, qr/Request body is larger than 4096 bytes/, 'a huge promise is not waited for';
    like $r->header('Connection') // '', qr/close/, 'and the connection is closed';
};

subtest 'JSON' => sub {
    my @bad = (
        ['' => undef],
        ['{' => 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
        ["{\n \"a\" 1}" => "Expecting ':' delimiter: line 2 column 6 (char 7)"],
        ['{"a":1,}' => 'Expecting property name enclosed in double quotes: line 1 column 8 (char 7)'],
        ['{"a":[1,]}' => 'Expecting value: line 1 column 9 (char 8)'],
        ['{"a":[1 2]}' => "Expecting ',' delimiter: line 1 column 9 (char 8)"],
        ['{} x' => 'Extra data: line 1 column 4 (char 3)'],
        ["{'a':1}" => 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
        ['{"a":NaN}' => 'Expecting value: line 1 column 6 (char 5)'],
        ['{"a":Infinity}' => 'Expecting value: line 1 column 6 (char 5)'],
        ['{"a":-Infinity}' => 'Expecting value: line 1 column 6 (char 5)'],
        ['{"a":01}' => "Expecting ',' delimiter: line 1 column 7 (char 6)"],
        ['{"a":/* x */1}' => 'Expecting value: line 1 column 6 (char 5)'],
        ['{"a":"x' => 'Unterminated string: line 1 column 6 (char 5)'],
        ["{\"a\":\"x\ny\"}" => 'Invalid control character: line 1 column 8 (char 7)'],
        ["{\"a\":\"\0\"}" => 'NUL is not allowed: line 1 column 7 (char 6)'],
        ['{"a":"\u0000"}' => 'NUL is not allowed: line 1 column 7 (char 6)'],
        ['{"a":"\x"}' => 'Invalid \escape: line 1 column 7 (char 6)'],
        ["{\"a\":\"\xff\"}" => 'Invalid UTF-8: line 1 column 7 (char 6)'],
        ["{\"a\":\"\xc0\xaf\"}" => 'Invalid UTF-8: line 1 column 7 (char 6)'],
        ["{\"a\":\"\xed\xa0\x80\"}" => 'Invalid UTF-8: line 1 column 7 (char 6)'],
        ['{"a":' . ('[' x 32) . (']' x 32) . '}' => 'Nested too deeply: line 1 column 37 (char 36)'],
    );
    for my $case (grep { defined $_->[1] } @bad) {
        my ($body, $what) = @$case;
        my $show = $body =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ger;
        is error_of($body), "JSON parse error ERR:$what RAW:<" . length($body) . ' bytes>', $show;
        like answer($body), qr/^\{"id":null,/, "... id null";
    }
    like error_of('{"a":[' . join(',', (0) x 2000) . ']}'), qr/^Incorrect JSON data/, '2,002 values are fine';
    unlike answer("{\"api_key\":\"$K\","), qr/\Q$K/, 'the body is never shown';
};

subtest 'too many values' => sub {
    my $big = RCAPI::Test->new;
    my $r = sub { $big->get('/_admin/api', method => 'POST', body => '{"a":[' . join(',', (0) x $_[0]) . ']}')->body };
    like $r->(9_999), qr/Too many values/, '10,001 values';
    like $r->(9_998), qr/Incorrect JSON data/, '10,000 values';
    $big->done;
};

subtest 'envelope, in order' => sub {
    my $missing = sub { qq(Incorrect JSON data. Missing '$_[0]') };
    is error_of($_), $missing->('api_key or auth_token'), "body $_"
        for '{}', '1', '"x"', 'null', 'true', '{"id":1,"api_key":""}', '{"api_key":null,"auth_token":""}';
    is answer('{}'), '{"result":null,"error":"Incorrect JSON data. Missing \'api_key or auth_token\'"}',
        'an object without id: the 1.2 dialect, no id key';
    is answer('"x"'), '{"id":null,"result":null,"error":"Incorrect JSON data. Missing \'api_key or auth_token\'"}',
        'no object: id null';
    is answer('{"id":7,"api_key":"x"}'), '{"id":7,"result":null,"error":"Incorrect JSON data. Missing \'method\'"}',
        'method';
    is error_of('{"id":7,"api_key":"x","args":{}}'), $missing->('method'), 'method before args';
    is error_of('{"id":7,"api_key":"x","method":"m"}'), $missing->('args'), 'args';
    is error_of(qq({"id":4,"auth_token":"$K","method":"get_users"})), $missing->('args'), 'args, with auth_token';
    for my $case (['"not_existing"', 'not_existing'], ['"_dispatch"', '_dispatch'], ['null', 'None'], ['true', 'True'],
                  ['12', '12'], ['1.5', '1.5'], ['""', '']) {
        my ($json, $shown) = @$case;
        is error_of(qq({"id":1,"api_key":"x","method":$json,"args":{}})), "No such method: $shown",
            "method $json, before the key is looked at";
    }
    is error_of('{"id":2,"api_key":"trololo","method":"get_user","args":{}}'), 'Invalid API KEY', 'bad key';
    is error_of("{\"id\":2,\"api_key\":$_,\"method\":\"get_user\",\"args\":{}}"), 'Invalid API KEY', "key $_"
        for '1', 'true', '{}', '["x"]';
    is error_of('{"id":2,"api_key":"","auth_token":"trololo","method":"get_user","args":{}}'), 'Invalid API KEY',
        'auth_token when api_key is empty';
    is answer(qq({"id":2,"api_key":"bad","auth_token":"$K","method":"test","args":{"args":1}})),
        '{"id":2,"result":null,"error":"Invalid API KEY"}', 'api_key wins';
    is answer(qq({"id":2,"api_key":null,"auth_token":"$K","method":"test","args":{"args":1}})),
        '{"id":2,"result":1,"error":null}', 'auth_token';
    is answer(qq({"id":2,"id":3,"api_key":"x","api_key":"$K","method":"test","args":{"args":1}})),
        '{"id":3,"result":1,"error":null}', 'of duplicate keys the last one wins';
};

subtest 'who calls' => sub {
    my $ask = sub { $t->call(test => { args => 1 }, @_)->{error} };
    is $ask->(as => 'bob'), undef, 'a main key';
    is $ask->(as => 'idle'), 'Request from this user not allowed', 'inactive';
    is $ask->(key => $t->token('bob', '--role', $_)), undef, "role $_" for qw(api all);
    is $ask->(key => $t->token('bob', '--role', $_)), 'API KEY has bad role for an API call', "role $_"
        for qw(feed http vcs);
    is $ask->(key => $t->token('bob', '--lifetime', 5)), undef, 'not expired';
    is $ask->(key => $t->token('bob', '--lifetime', 0 - 5)), 'Invalid API KEY', 'expired'
        if eval { $t->token('bob', '--lifetime', 0 - 5) };
    $t->admin(qw(ip add bob 10.0.0.0/8));
    is $ask->(as => 'bob'), 'Request from IP:127.0.0.1 not allowed', 'address';
    is $ask->(key => $t->token('bob', '--role', 'feed')), 'Request from IP:127.0.0.1 not allowed',
        'address before role';
    is $t->call(nothing => {}, as => 'bob')->{error}, 'No such method: nothing', 'method before address';
    is $t->call('get_repo', {}, as => 'bob')->{error}, 'Request from IP:127.0.0.1 not allowed',
        'address before arguments';
    $t->admin(qw(ip add bob 127.0.0.1));
    is $ask->(as => 'bob'), undef, 'one of several entries';
    $t->admin(qw(ip remove bob), $_) for '10.0.0.0/8', '127.0.0.1';
    $t->admin(qw(ip add default 192.0.2.1));
    is $ask->(as => 'bob'), 'Request from IP:127.0.0.1 not allowed', 'entries of the default user bind everybody';
    $t->admin(qw(ip remove default 192.0.2.1));
    is $ask->(as => 'bob'), undef, 'no entries, no limit';
    is $ask->(key => undef, headers => ['X-Api-Key' => $K]), undef, 'X-Api-Key';
    is $ask->(key => undef, headers => ['Authorization' => "Bearer $K"]), undef, 'Bearer';
    is $ask->(key => 'wrong', headers => ['X-Api-Key' => $K]), 'Invalid API KEY', 'the key of the body wins';
    is $ask->(key => undef), q(Incorrect JSON data. Missing 'api_key or auth_token'), 'none at all';
    my ($user, $password) = ('admin', $t->{password});
    is $t->call(test => { args => 1 }, key => undef, headers => ['Authorization' =>
        'Basic ' . do { require MIME::Base64; MIME::Base64::encode_base64("$user:$password", '') }])->{error},
        q(Incorrect JSON data. Missing 'api_key or auth_token'), 'Basic never identifies a call';
};

subtest 'id' => sub {
    for my $id ('1', '0', '-5', '9223372036854775807', '123456789012345678901234567890', '1.50', '1e400', 'null',
                'true', 'false', '""', '"x"', '"\u00e9\ud83d\ude00\n"', "\"\xc3\xa9\"", '[]', '{}',
                '{"a":[0,{"b":null}]}') {
        is answer(qq({"id":$id,"api_key":"$K","method":"test","args":{"args":1}})),
            qq({"id":$id,"result":1,"error":null}), "id $id";
        is answer(qq({"id":$id,"api_key":"x","method":"test","args":{}})),
            qq({"id":$id,"result":null,"error":"Invalid API KEY"}), "id $id with an error";
    }
    is answer(qq({ "id" : [ 1 ,\n {"a b" :\t"c  d \\" e" } ] ,"api_key":"$K","method":"test","args":{"args":1}})),
        '{"id":[1,{"a b":"c  d \" e"}],"result":1,"error":null}', 'blanks between tokens go, those in strings stay';
    is answer(qq({"\\u0069d":5,"api_key":"$K","method":"test","args":{"args":1}})),
        '{"id":5,"result":1,"error":null}', 'an escaped key';
    is answer(qq({"api_key":"$K","method":"test","args":{"args":{"id":3}}})),
        '{"result":{"id":3},"error":null}', 'an id inside the arguments is none';
};

subtest 'arguments' => sub {
    my $missing = 'Missing non optional `repoid` arg in JSON DATA';
    is error_of(qq({"id":1,"api_key":"$K","method":"get_repo","args":$_})), $missing, "args $_"
        for '{}', 'null', '1', '"repoid"', '[]', '["repoid"]', 'true';
    is $t->call('create_repo', {})->{error}, 'Missing non optional `repo_name` arg in JSON DATA',
        'of several the first of the signature';
    is $t->call(get_repo => { repoid => undef })->{error}, 'repository `None` does not exist', 'null';
    is $t->call(get_user => { userid => undef })->{error}, undef, 'null for an optional one: as absent';
    is $t->call(get_repo => { repoid => $_->[0] })->{error}, "repository `$_->[1]` does not exist", "repoid $_->[1]"
        for [99, 99], ['nope', 'nope'], [-1, -1], [\1, 'True'];
    is $t->call(get_user => { userid => 'x', nonsense => 1 })->{error}, 'user `x` does not exist',
        'unknown names are dropped';
    is $t->call(get_user => { apiuser => 'bob', request => 1 })->{result}{username}, 'admin',
        'nobody can become somebody else';
    is $t->call(get_user => { userid => ' +2 ' })->{result}{username}, 'admin', 'an id as text';
    is $t->call(test => {}, as => 'bob')->{error}, 'Missing non optional `args` arg in JSON DATA', 'test';
    is $t->call(get_users => {}, as => 'bob')->{error}, 'Access was denied to this resource.', 'super-admins only';
    is $t->call('get_repo', { repoid => { a => 1 } })->{error} =~ /does not exist/ ? 'ok' : 'no', 'ok', 'an object';
};

$t->done;
done_testing;
