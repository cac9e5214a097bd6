using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.TestKit.Tests.Unit;

public sealed partial class LogCollectorTests
{
    private readonly LogCollector _logs = new();

    [Fact]
    public void An_entry_keeps_its_id_level_values_error_and_scopes()
    {
        var logger = _logs.CreateLogger<LogCollectorTests>();
        var error = new InvalidDataException("planted");

        using (logger.BeginScope("outer"))
        using (logger.BeginScope("inner"))
        {
            LogStale(logger, "events", 3, error);
        }

        var record = _logs.Records.ShouldHaveSingleItem();
        record.EventId.Id.ShouldBe(9001);
        record.EventId.Name.ShouldBe(nameof(LogStale));
        record.Level.ShouldBe(LogLevel.Warning);
        record.Category.ShouldBe(typeof(LogCollectorTests).FullName);
        record.Message.ShouldBe("Stream events is stale, count 3");
        record["Endpoint"].ShouldBe("events");
        record["Count"].ShouldBe(3);
        record["Missing"].ShouldBeNull();
        record.Exception.ShouldBeSameAs(error);
        record.Scopes.ShouldBe(["outer", "inner"]);
    }

    [Fact]
    public void Entries_are_found_by_id_and_level_and_what_is_below_the_minimum_is_not_enabled()
    {
        _logs.MinimumLevel = LogLevel.Information;
        var logger = _logs.CreateLogger("x");
        LogDetail(logger);
        LogStale(logger, "a", 1, null);

        logger.IsEnabled(LogLevel.Debug).ShouldBeFalse();
        _logs.Of(9002).ShouldBeEmpty();
        _logs.Of(9001).Count.ShouldBe(1);
        _logs.AtLeast(LogLevel.Error).ShouldBeEmpty();
        _logs.Clear();
        _logs.Records.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_test_can_wait_for_the_nth_entry()
    {
        var second = _logs.WhenAsync(9001, 2);
        var logger = _logs.CreateLogger("x");
        LogStale(logger, "a", 1, null);
        second.IsCompleted.ShouldBeFalse();
        LogDetail(logger);

        LogStale(logger, "a", 2, null);

        (await second)["Count"].ShouldBe(2);
    }

    [Fact]
    public async Task No_entry_is_missed_between_the_question_and_the_wait()
    {
        var logger = _logs.CreateLogger("x");
        var asked = 0;

        // The entry comes while the first question is being answered, that is, after it was decided and before the wait begins.
        var waiting = _logs.WhenAsync(_ =>
        {
            if (asked++ > 0)
            {
                return true;
            }

            LogDetail(logger);
            return false;
        });

        await waiting;
        asked.ShouldBe(2);
    }

    [Fact]
    public void It_serves_as_a_provider_of_a_host()
    {
        using var services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_logs)).BuildServiceProvider();

        LogDetail(services.GetRequiredService<ILogger<LogCollectorTests>>());

        _logs.Of(9002).ShouldHaveSingleItem();
        Should.Throw<NotSupportedException>(() => _logs.AddProvider(_logs));
    }

    [LoggerMessage(9001, LogLevel.Warning, "Stream {Endpoint} is stale, count {Count}")]
    private static partial void LogStale(ILogger logger, string endpoint, int count, Exception? error);

    [LoggerMessage(9002, LogLevel.Debug, "Detail")]
    private static partial void LogDetail(ILogger logger);
}
