using Messaging.Database;
using Microsoft.Data.Sqlite;

namespace Resilience.TestKit.Tests.Stress;

/// <summary>An open connection has one owner, although the provider's pool looks at connections while they are lent and given back.</summary>
public sealed class SqlitePoolTests : IDisposable
{
    private readonly SqliteFile _file = new();

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task While_one_is_lent_or_given_back_no_other_is(bool firstCloses, bool otherCloses)
    {
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var first = Prepared(firstCloses);
        using var other = Prepared(otherCloses);

        // The provider tells of the new state before it returns.
        first.StateChange += (_, _) =>
        {
            inside.Set();
            goOn.Wait();
        };
        var firstThread = Start(first, firstCloses);
        inside.Wait();
        var otherThread = Start(other, otherCloses);
        await Watchdog.UntilAsync(() => (otherThread.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);

        var waits = otherThread.IsAlive;
        goOn.Set();
        firstThread.Join();
        otherThread.Join();

        waits.ShouldBeTrue();
    }

    [Fact]
    public void Connections_that_are_open_at_the_same_time_are_never_the_same()
    {
        const int Owners = 16;
        const int Waves = 500;
        var open = new SqliteConnection[Owners];
        var handles = new List<int>();
        using var opened = new Barrier(Owners, _ => handles.Add(open.Select(static connection => connection.Handle).Distinct().Count()));

        // The pool looks for lost ones while it grows, and by two at a time.
        using var closed = new Barrier(Owners, wave => SqliteConnection.ClearPool(open[wave.CurrentPhaseNumber % Owners]));
        var owners = Enumerable.Range(0, Owners).Select(owner => new Thread(() =>
        {
            for (var wave = 0; wave < Waves; wave++)
            {
                open[owner] = _file.Open();
                opened.SignalAndWait();
                open[owner].Dispose();
                closed.SignalAndWait();
            }
        })).ToList();
        owners.ForEach(static owner => owner.Start());
        owners.ForEach(static owner => owner.Join());

        handles.Count.ShouldBe(Waves);
        handles.ShouldAllBe(static distinct => distinct == Owners);
    }

    private static Thread Start(SqliteConnection connection, bool closes)
    {
        var thread = new Thread(closes ? connection.Close : connection.Open);
        thread.Start();
        return thread;
    }

    private PooledSqliteConnection Prepared(bool open)
    {
        var connection = new PooledSqliteConnection(_file.ConnectionString);
        if (open)
        {
            connection.Open();
        }

        return connection;
    }
}
