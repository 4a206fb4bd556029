# SPDX-License-Identifier: Apache-2.0
package RCAPI::PostgreSQL;

=head1 NAME

RCAPI::PostgreSQL - a private PostgreSQL server for tests, which listens on a socket only

=head1 SYNOPSIS

    plan skip_all => '...' if !RCAPI::PostgreSQL::bin();
    my $pg = RCAPI::PostgreSQL->new;      # that of this run of tests, or one of its own
    my $name = $pg->database;             # for RcapiDatabase: postgresql:host=... dbname=...
    print $pg->sql($name, 'SELECT 1');
    $pg->drop($name);

The databases belong to a role that is no superuser, as in daily use.

C<make test> starts one server for all tests (t/lib/with_store), in RCAPI_SOCKET; else each object starts its own,
and stops it with itself. It is no server for data: it never waits for the disk.

=cut

use strict;
use warnings;
use POSIX ();
use RCAPI::Run qw(account become patiently run slurp);
use RCAPI::Temp;

my $count = 0;

# The folder of the newest server's programs; undef: none is installed.
sub bin {
    my ($bin) = grep { -x "$_/initdb" && -x "$_/postgres" && -x "$_/psql" }
        reverse sort glob '/usr/lib/postgresql/*/bin /usr/pgsql-*/bin';
    return $bin;
}

# Options: own (a server of its own in any case), options => [...] (more of the server's).
sub new {
    my ($class, %opt) = @_;
    my $self = bless { bin => bin() // die("no PostgreSQL\n"), owner => $$, options => $opt{options} // [] }, $class;
    $self->{socket} = $ENV{RCAPI_SOCKET} if !$opt{own};
    $self->_make if !$self->{socket};
    return $self;
}

sub _make {
    my ($self) = @_;
    $self->{temp} = RCAPI::Temp::dir(); # the path of a socket is short
    my $dir = "$self->{temp}";
    my (undef, $uid, $gid) = account();
    chown $uid, $gid, $dir if defined $uid;
    my $made = run({ timeout => 60 }, "$self->{bin}/initdb", '-D', "$dir/data",
        qw(-U chief -A trust -E UTF8 --locale=C -N));
    die $made->{err} if $made->{exit};
    $self->{socket} = "$dir/socket";
    mkdir $self->{socket} or die $!;
    chown $uid, $gid, $self->{socket} if defined $uid;
    chmod 0755, $dir;
    $self->start;
    $self->_psql('postgres', 'CREATE ROLE rcapi LOGIN');
}

# Starts the server, which belongs to this object, and waits until it answers.
sub start {
    my ($self) = @_;
    my $dir = "$self->{temp}";
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        become();
        open STDOUT, '>>', "$dir/data/log";
        open STDERR, '>&', \*STDOUT;
        no warnings 'exec';
        exec "$self->{bin}/postgres", '-D', "$dir/data", map { ('-c', $_) } 'listen_addresses=', 'fsync=off',
            'full_page_writes=off', 'autovacuum=off', 'max_connections=400', 'shared_buffers=64MB',
            "unix_socket_directories=$self->{socket}", @{ $self->{options} };
        POSIX::_exit(127);
    }
    my $up = sub { !$self->_psql('postgres', 'SELECT 1')->{exit} };
    patiently(30, $up) or die "PostgreSQL does not start: " . slurp("$dir/data/log");
}

# Ends the server: at once, or by another signal. One that does not end in time is killed.
sub stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return;
    local $?;
    kill $signal // 'QUIT', $pid;
    kill KILL => $pid if !patiently(10, sub { waitpid($pid, POSIX::WNOHANG()) });
    waitpid $pid, 0;
}

# A new, empty database; what RcapiDatabase calls it. $options: of CREATE DATABASE.
sub database {
    my ($self, $options) = @_;
    my $name = join '_', 'rcapi', $$, ++$count;
    $options //= 'OWNER rcapi STRATEGY file_copy';
    my $r = $self->_psql('postgres', "CREATE DATABASE $name TEMPLATE template0 $options");
    die $r->{err} if $r->{exit};
    return "postgresql:host=$self->{socket} user=rcapi dbname=$name";
}

sub drop {
    my ($self, $name) = @_;
    $self->_psql('postgres', 'DROP DATABASE ' . _plain($name) . ' WITH (FORCE)');
}

# Runs SQL as the owner of a database; what it prints, with | between columns. Dies when it fails.
sub sql {
    my ($self, $name, $text) = @_;
    return $self->_sql(rcapi => $name, $text);
}

# The same as a superuser, which the owner is not.
sub sql_of_chief {
    my ($self, $name, $text) = @_;
    return $self->_sql(chief => $name, $text);
}

sub _sql {
    my ($self, $role, $name, $text) = @_;
    my $r = $self->_psql(_plain($name), $text, $role);
    die "psql: $r->{err}" if $r->{exit};
    return $r->{out};
}

# All rows of a database as a text.
sub dump {
    my ($self, $name) = @_;
    my @which = qw(--data-only --schema=rcapi);
    push @which, map { "--exclude-table=rcapi.$_" } qw(change change_n tally); # these are no data
    return run({ timeout => 60 }, "$self->{bin}/pg_dump", @which, qw(-U rcapi -h), $self->{socket},
        _plain($name))->{out} =~ s/^\\(?:un)?restrict .*\n//mgr; # these have a word of their own each time
}

# What PostgreSQL complains of first in each of some texts of SQL, or ''. One session runs them; each begins without a
# transaction or prepared statement of the one before.
sub complaints {
    my ($self, $name, @texts) = @_;
    my $r = $self->_psql(_plain($name), join "\n", '\set ON_ERROR_STOP 0', 'SET client_min_messages = error;',
        map({ "$_;\nROLLBACK;\nDEALLOCATE ALL;\n\\warn '-- next'" } @texts), '');
    my @all = split /^-- next\n/m, $r->{err}, -1;
    die "psql: $r->{err}" if @all != @texts + 1 || pop @all ne '';
    return map { s/(?<=.)^ERROR:.*//msr } @all;
}

# Connections to a database that are in a transaction and do nothing.
sub idle_in_transaction {
    my ($self, $name) = @_;
    return 0 + $self->sql($name, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%' AND state_change < now() - interval '2 seconds'");
}

sub _plain { my ($name) = @_; return $name =~ /dbname=(\w+)/ ? $1 : $name }

sub _psql {
    my ($self, $name, $text, $role) = @_;
    return run({ stdin => "$text;\n", timeout => 60, env => { PGOPTIONS => '-c search_path=rcapi,public' } },
        "$self->{bin}/psql", qw(-qXAt -v ON_ERROR_STOP=1 -U), $role // 'chief', '-d', $name, '-h', $self->{socket});
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $$ == $self->{owner};
}

1;
