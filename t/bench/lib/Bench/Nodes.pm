# SPDX-License-Identifier: Apache-2.0
package Bench::Nodes;

=head1 NAME

Bench::Nodes - the same calls of a server on SQLite, one on PostgreSQL, and several behind a balancer

=head1 SYNOPSIS

    my $nodes = Bench::Nodes->new(dir => $dir, bin => $bin, data => $data, nodes => 3);
    $nodes->start;
    $nodes->rounds(5, sub { print "@_\n" });
    my @ratios = $nodes->ratios('get_repos-1', 'node1', 'sqlite', sub { $_[0]{rate} });
    $nodes->report($table);

The rows of $data (Bench::Data) are copied to a private PostgreSQL server, in $dir. Kinds of servers are sqlite,
node1 to nodeN, balanced1 and balancedN. A result has the fields of Bench::Load, and C<pg>: microseconds of
PostgreSQL's processes for one call. What a balancer costs is not part of them. Only results of one round are compared.

C<file> is no call: a file of the size of get_repo's answer, which the same servers send through the same balancers.

The servers are as docs/operations.md has them behind a balancer: one process of the worker MPM. The code of all is at
the same addresses (setarch -R), because the processor predicts jumps by address, and forgets those of three servers
for each other; on three machines it would not. BENCH_ADDRESSES=random leaves them where they are otherwise.

=cut

use strict;
use warnings;
use Bench::Load;
use Bench::Server;
use Bench::Table;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(spew);

# name => connections; get_repo is asked of 20 repositories by 5 users
my @CASES = (['get_repo', 1], ['get_repo', 8], ['get_repos', 1], ['get_users', 1], ['file', 1], ['file', 8]);
my $FILE_SIZE = 2400;
my @SAME_ADDRESSES = ($ENV{BENCH_ADDRESSES} // '') eq 'random' ? () : qw(setarch -R);

# Options: dir, bin, data, nodes (3), seconds (1), calls (a list of methods), temp (see Bench::Server).
sub new {
    my ($class, %opt) = @_;
    my $self = bless { nodes => 3, seconds => 1, calls => [qw(get_repo get_repos get_users file)], %opt }, $class;
    $self->{kinds} = ['sqlite', 'node1', 'balanced1', "balanced$self->{nodes}"];
    return $self;
}

# The account of the caller must be able to run a PostgreSQL server: not root.
sub start {
    my ($self) = @_;
    my ($data, $admin) = ($self->{data}, "$self->{bin}/rcapi-admin");
    $self->{pg} = RCAPI::PostgreSQL->new(own => 1, options => ['shared_buffers=256MB', 'autovacuum=on']);
    my $key = $data->_run({}, $admin, '--data', $data->{data}, qw(token create admin --role api));
    ($self->{admin_key}) = $key =~ /(\w{40})/ or die "no key\n";
    $self->{database} = $self->{pg}->database;
    my $copy = "$self->{dir}/copy.db"; # the database itself may be in use
    my @admin = ({ timeout => 300 }, $admin, '--data', $data->{data});
    $data->_run(@admin, 'backup', $copy);
    $data->_run(@admin, '--db', $copy, 'migrate', '--to', $self->{database});
    my $server = $self->{server} = { sqlite => $self->_node('sqlite', "$data->{data}/rcapi.db") };
    $server->{"node$_"} = $self->_node("node$_", $self->{database}) for 1 .. $self->{nodes};
    $server->{"balanced$_"} = $self->_balancer($_) for 1, $self->{nodes};
    return $self;
}

sub stop { my ($self) = @_; $_->stop for values %{ $self->{server} }; undef $self->{pg} }

# A round more is run at first, and not counted: connections and memory begin.
sub rounds {
    my ($self, $n, $say) = @_;
    my %load = map { $_ => Bench::Load->new(dir => "$self->{dir}/$_", server => $self->{server}{$_},
        seconds => $self->{seconds}) } @{ $self->{kinds} };
    for my $round (0 .. $n) {
        $say->("round $round of $n: one server and several") if $round;
        for my $case ($self->cases) {
            my ($call, $connections) = @$case;
            for my $kind ($self->kinds($call)) {
                my $prepared = $load{$kind}->prepare("$call-$connections", connections => $connections,
                    requests => [$self->_requests($call)]);
                my $r = $self->_measure($load{$kind}, $prepared);
                push @{ $self->{results}{"$call-$connections"}{$kind} }, $r if $round;
            }
        }
    }
}

sub cases {
    my ($self) = @_;
    my %wanted = map { $_ => 1 } @{ $self->{calls} };
    return grep { $wanted{ $_->[0] } } @CASES;
}

# The cases, as results call them.
sub names { my ($self) = @_; return map { "$_->[0]-$_->[1]" } $self->cases }

# The kinds of servers of which a call is asked.
sub kinds {
    my ($self, $call) = @_;
    return grep { $call ne 'file' || /^balanced/ } @{ $self->{kinds} };
}

sub _measure {
    my ($self, $load, $prepared) = @_;
    my $before = $self->_postgres;
    my $r = $load->measure($prepared);
    $r->{pg} = ($self->_postgres - $before) / $r->{requests};
    return $r;
}

# --- servers

sub _node {
    my ($self, $name, $where) = @_;
    my $dir = "$self->{dir}/$name";
    mkdir $dir;
    my $server = Bench::Server->new(dir => $dir, module => "$self->{bin}/mod_rcapi.so", data => $self->{data}{data},
        database => $where, mpm => 'worker', children => 1, threads => 64, before => \@SAME_ADDRESSES,
        temp => $self->{temp})->start;
    spew("$dir/htdocs/file", 'x' x $FILE_SIZE);
    return $server;
}

# An httpd that passes requests on to the first $n nodes.
sub _balancer {
    my ($self, $n) = @_;
    my $dir = "$self->{dir}/balanced$n";
    mkdir $dir;
    my @nodes = map { $self->{server}{"node$_"} } 1 .. $n;
    my $members = join '', map { "BalancerMember http://127.0.0.1:$_->{port}\n" } @nodes;
    return Bench::Nodes::Balancer->new(dir => $dir, children => 2, threads => 8, config => <<"END",
ProxyPass / balancer://nodes/
<Proxy balancer://nodes>
$members</Proxy>
END
        modules => [qw(slotmem_shm proxy proxy_http proxy_balancer lbmethod_byrequests)], nodes => \@nodes)->start;
}

# Microseconds that PostgreSQL has taken.
sub _postgres {
    my ($self) = @_;
    my $pid = $self->{pg}{pid};
    my ($own) = Bench::Server::_times($pid, RCAPI::Processes::children_of($pid));
    my (undef, $ended) = Bench::Server::_times($pid);
    return $own + $ended;
}

sub _requests {
    my ($self, $call) = @_;
    return [GET => '/file', {}] if $call eq 'file';
    my %head = ('Content-Type' => 'application/json');
    my @of = $call eq 'get_repo' ? map { [1 + $_ % 5, qq({"repoid":"r${\ (1 + 2 * $_)}"})] } 1 .. 20
        : $call eq 'get_repos' ? map { [$_, '{}'] } 1 .. 20 : ([0, '{}']);
    return map {
        my ($user, $args) = @$_;
        my $key = $user ? $self->{data}->key($user) : $self->{admin_key};
        [POST => '/rc/_admin/api', \%head, qq({"id":1,"api_key":"$key","method":"$call","args":$args})];
    } @of;
}

# --- results

sub values {
    my ($self, $case, $kind, $of) = @_;
    return map { $of->($_) } @{ $self->{results}{$case}{$kind} };
}

sub ratios {
    my ($self, $case, $kind, $base, $of) = @_;
    my @of = $self->values($case, $kind, $of);
    my @base = $self->values($case, $base, $of);
    return map { $of[$_] / $base[$_] } 0 .. $#of;
}

# Processor time of a call: httpd's children and PostgreSQL.
sub cpu { return $_[0]{cpu} + $_[0]{pg} }

# The budgets of contract 11 §2.
sub report {
    my ($self, $table) = @_;
    my $many = $self->{nodes};
    my $note = sub { join '; ', map { $self->_note($_[0], $_) } @_[1, 2] };
    $table->head("PostgreSQL on a socket / SQLite: $self->{data}{repos} repositories, $self->{data}{users} users");
    for my $case ($self->names) {
        my ($method, $connections) = split /-/, $case;
        next if $method eq 'file';
        my @of = ($case, 'node1', 'sqlite');
        $table->row("$method c$connections, rate", [$self->ratios(@of, sub { $_[0]{rate} })], '>=', 0.5,
            note => $note->(@of));
        $table->row("$method c$connections, processor time", [$self->ratios(@of, \&cpu)], '<=', 2)
            if $method ne 'get_repo';
    }
    $table->head("$many servers behind a balancer / one: processor time of a call");
    for my $case ($self->names) {
        my @of = ($case, "balanced$many", 'balanced1');
        $table->row($case =~ s/-/ c/r, [$self->ratios(@of, \&cpu)], '<=', $case =~ /^file/ ? undef : 1.15,
            note => $note->(@of));
    }
}

sub _note {
    my ($self, $case, $kind) = @_;
    my ($rate, $httpd, $pg) = map {
        my $field = $_;
        Bench::Table::median($self->values($case, $kind, sub { $_[0]{$field} }))
    } qw(rate cpu pg);
    return sprintf '%s %.0f/s of %.0f us', $kind, $rate, $httpd if $kind eq 'sqlite';
    return sprintf '%s %.0f/s of %.0f + %.0f us', $kind, $rate, $httpd, $pg;
}

package Bench::Nodes::Balancer;
use strict;
use warnings;
use List::Util qw(sum0);
use parent -norequire, 'RCAPI::Server';
sub cpu { my ($self) = @_; return sum0(map { $_->cpu } @{ $self->{nodes} }) }

1;
