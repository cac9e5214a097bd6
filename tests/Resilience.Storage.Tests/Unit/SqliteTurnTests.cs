using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Resilience.Storage.Internal;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Unit;

/// <summary>The turns of SQLite's writers on a real file: who has one gives it back, however it ends, and who gets none is told what the provider tells.</summary>
public sealed class SqliteTurnTests : IDisposable
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(60);
    private readonly SqliteFile _file = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_session_gives_its_turn_back_however_it_ends()
    {
        var script = new FaultScript();
        var database = Create(new FaultyDbDataSource(SqliteFile.CreateDataSource(_file.ConnectionString), script));
        var ends = new (string Name, Func<Task> Run)[]
        {
            ("committed", async () =>
            {
                await using var session = await BeginAsync(database);
                await session.CommitAsync(CancellationToken.None);
            }),
            ("rolled back", async () => await (await BeginAsync(database)).DisposeAsync()),
            ("read", async () => await (await database.BeginSnapshotAsync(CancellationToken.None)).DisposeAsync()),
            ("not begun", () => FailAsync(() => script.On("begin").FailBefore())),
            ("begun, and not told so", () => FailAsync(() => script.On("begin").FailAfter())),
            ("not opened", () => FailAsync(() => script.On("open").FailBefore())),
            ("not asked whether commits last", () => FailAsync(() => script.On("execute").FailBefore())),
            ("not committed", () => FailAsync(() => script.On("commit").FailBefore())),
            ("committed, and not told so", () => FailAsync(() => script.On("commit").FailAfter())),
            ("cancelled", () => Should.ThrowAsync<OperationCanceledException>(() => database.BeginAsync(LockTimeout, new CancellationToken(canceled: true)))),
        };
        foreach (var (name, run) in ends)
        {
            await run();
            await using var next = await BeginAsync(database).Within(what: $"a turn after one that was {name}");
        }

        async Task FailAsync(Action arrange)
        {
            arrange();
            await Should.ThrowAsync<InjectedFaultException>(async () =>
            {
                await using var session = await BeginAsync(database);
                await session.CommitAsync(CancellationToken.None);
            });
        }
    }

    [Fact]
    public async Task A_connection_that_cannot_be_closed_keeps_no_turn()
    {
        var database = Create(new Source(() => new Unclosable(_file.ConnectionString)));
        var session = await BeginAsync(database);
        await Should.ThrowAsync<IOException>(async () => await session.DisposeAsync());
        session = await BeginAsync(database).Within();
        await Should.ThrowAsync<IOException>(async () => await session.DisposeAsync());
    }

    [Fact]
    public async Task A_turn_that_is_given_back_twice_is_given_to_one()
    {
        var database = Create();
        var first = await BeginAsync(database);
        await first.DisposeAsync();
        await first.DisposeAsync();
        await using var second = await BeginAsync(database);
        var third = BeginAsync(database);
        await _time.WhenTimersAsync();
        third.IsCompleted.ShouldBeFalse();
        await second.DisposeAsync();
        await (await third.Within()).DisposeAsync();
    }

    [Fact]
    public async Task Who_has_no_turn_in_time_is_told_that_the_database_is_locked_and_the_next_one_gets_it()
    {
        var database = Create();
        var holder = await BeginAsync(database);
        var waiting = BeginAsync(database);
        await _time.WhenTimersAsync();

        // The Default Timeout of the file's connections is 30 s, of which the last is the lock's own.
        _time.Advance(TimeSpan.FromSeconds(29));
        var error = await Should.ThrowAsync<DbException>(waiting).Within();
        error.Message.ShouldStartWith("SQLite Error 5: 'database is locked'.");
        error.SqlState.ShouldBeNull();
        error.IsTransient.ShouldBeTrue();
        await holder.DisposeAsync();
        await (await BeginAsync(database).Within()).DisposeAsync();
        _time.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_takes_no_turn_away()
    {
        var database = Create();
        var holder = await BeginAsync(database);
        using var cancel = new CancellationTokenSource();
        var cancelled = database.BeginSnapshotAsync(cancel.Token);
        await _time.WhenTimersAsync(1);
        var waiting = BeginAsync(database);
        await _time.WhenTimersAsync(2);
        await cancel.CancelAsync();
        (await Should.ThrowAsync<OperationCanceledException>(cancelled).Within()).CancellationToken.ShouldBe(cancel.Token);
        waiting.IsCompleted.ShouldBeFalse();
        await holder.DisposeAsync();
        await (await waiting.Within()).DisposeAsync();
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(10.5, 19)]
    [InlineData(28.9, 1)]
    public async Task What_the_wait_for_the_turn_took_is_not_waited_again_for_the_lock(double waited, int left)
    {
        var limits = new List<int>();
        var database = Create(new Source(() => new Watched(_file.ConnectionString, limits)));
        var holder = await BeginAsync(database);
        var waiting = BeginAsync(database);
        await _time.WhenTimersAsync();
        _time.Advance(TimeSpan.FromSeconds(waited));
        await holder.DisposeAsync();
        await using var session = await waiting.Within();
        limits.ShouldBe([30, left]);
        ((SqliteConnection)session.Connection).DefaultTimeout.ShouldBe(30);
    }

    public void Dispose() => _file.Dispose();

    private static Task<SqlSession> BeginAsync(StorageDatabase database) => database.BeginAsync(LockTimeout, CancellationToken.None);

    private StorageDatabase Create(DbDataSource? source = null) =>
        new(source ?? SqliteFile.CreateDataSource(_file.ConnectionString), SqlDialect.Sqlite, new FileDeletionOptions(), _time);

    private sealed class Source(Func<SqliteConnection> create) : DbDataSource
    {
        public override string ConnectionString => string.Empty;

        protected override DbConnection CreateDbConnection() => create();
    }

    /// <summary>Notes how long each transaction would wait for the lock.</summary>
    private sealed class Watched(string connectionString, List<int> limits) : SqliteConnection(connectionString)
    {
        public override SqliteTransaction BeginTransaction(IsolationLevel isolationLevel, bool deferred)
        {
            limits.Add(DefaultTimeout);
            return base.BeginTransaction(isolationLevel, deferred);
        }
    }

    /// <summary>Closes, and says that it could not.</summary>
    private sealed class Unclosable(string connectionString) : SqliteConnection(connectionString)
    {
        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            throw new IOException("close");
        }
    }
}
