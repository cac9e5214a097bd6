using System.Globalization;

namespace Resilience.TestKit.Tests.Unit;

public sealed class WatchdogTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5);

    [Fact]
    public async Task A_wait_in_vain_fails_and_names_what_and_where()
    {
        var never = new TaskCompletionSource();

        var error = await Should.ThrowAsync<WatchdogException>(() => never.Task.Within(Soon));

        error.Message.ShouldContain("never.Task");
        error.Message.ShouldContain("WatchdogTests.cs:");
        error.Message.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"{(Soon * Watchdog.Factor).TotalSeconds:0.###} s"));
    }

    [Fact]
    public async Task Results_errors_and_cancellation_pass_through()
    {
        (await Task.FromResult(3).Within()).ShouldBe(3);
        (await new ValueTask<int>(4).Within()).ShouldBe(4);
        await new ValueTask(Task.CompletedTask).Within();
        await Should.ThrowAsync<InvalidDataException>(() => Task.FromException(new InvalidDataException()).Within());
        await Should.ThrowAsync<OperationCanceledException>(() => Task.FromCanceled<int>(new CancellationToken(true)).Within());
    }

    [Fact]
    public async Task A_condition_is_asked_until_it_holds()
    {
        var asked = 0;

        await Watchdog.UntilAsync(() => ++asked == 3);

        asked.ShouldBe(3);
    }

    [Fact]
    public async Task A_condition_that_never_holds_fails_with_what_was_seen_last()
    {
        var asked = 0;

        var error = await Should.ThrowAsync<WatchdogException>(() => Watchdog.UntilAsync(() => ++asked < 0, Soon, () => $"asked {asked} times"));

        error.Message.ShouldContain("++asked < 0");
        error.Message.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"asked {asked} times"));
    }

    [Fact]
    public async Task A_condition_that_hangs_fails_too()
    {
        var error = await Should.ThrowAsync<WatchdogException>(() => Watchdog.UntilAsync(() => new ValueTask<bool>(new TaskCompletionSource<bool>().Task), Soon));

        error.Message.ShouldContain("WatchdogTests.cs:");
    }
}
