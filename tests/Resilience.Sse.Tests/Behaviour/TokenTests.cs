using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

public sealed class TokenTests
{
    [Theory]
    [InlineData(SseTokenStatus.Expired, "TOKEN_EXPIRED")]
    [InlineData(SseTokenStatus.Revoked, "TOKEN_REVOKED")]
    public async Task I14_A_token_that_is_no_longer_valid_ends_the_stream_within_the_interval(SseTokenStatus status, string code)
    {
        var validator = new Validator();
        await using var app = await StartAsync(validator);
        await using var stream = await app.OpenAsync();
        validator.Answer = _ => Task.FromResult(SseTokenStatus.Valid);
        app.Turn(61);
        await Watchdog.UntilAsync(() => app.Manager.Snapshot().Single().TokenValidations == 1);
        validator.Answer = _ => Task.FromResult(status);
        await app.TurnBetweenValidationsUntilAsync(() => validator.Calls == 2);
        (await stream.ReadToEndAsync()).Single().Data.ShouldContain(code);
    }

    [Fact]
    public async Task I14_A_validator_that_fails_ends_the_stream_at_the_third_failure_in_a_row_and_a_success_resets_the_row()
    {
        var validator = new Validator { Answer = static _ => throw new InvalidOperationException("down") };
        await using var app = await StartAsync(validator);
        await using var stream = await app.OpenAsync();
        await RoundAsync(app, 1);
        await RoundAsync(app, 2);
        app.Manager.Snapshot().Single().ConsecutiveErrors.ShouldBe(2);
        validator.Answer = static _ => Task.FromResult(SseTokenStatus.Valid);
        await RoundAsync(app, 3);
        app.Manager.Snapshot().Single().ConsecutiveErrors.ShouldBe(0);
        validator.Answer = static _ => Task.FromResult(SseTokenStatus.Unknown);
        await RoundAsync(app, 4);
        await RoundAsync(app, 5);
        await app.TurnBetweenValidationsUntilAsync(() => validator.Calls == 6);
        (await stream.ReadToEndAsync()).Single().Data.ShouldContain("TOKEN_UNVERIFIED");
        app.Manager.GetStatistics().Errors["validation"].ShouldBe(5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task I14_A_validator_that_hangs_is_a_failure_when_its_time_is_over_and_never_stops_heartbeats(bool blocksItsThread)
    {
        var validator = new Validator();
        await using var app = await StartAsync(validator, static o => (o.TokenValidationTimeout, o.MaxLifetime) = (TimeSpan.FromMinutes(2), TimeSpan.FromDays(7)));
        using var hang = new Hang(blocksItsThread);
        validator.Answer = _ => hang.Answer();
        await using var stream = await app.OpenAsync();
        app.Turn(61);
        await Watchdog.UntilAsync(() => hang.Calls == 1);

        // It was asked after half a minute at the earliest: its two minutes are not over. The interval is: nobody asks again meanwhile.
        var asked = app.Time.GetUtcNow();
        app.Turn(80);
        await Watchdog.UntilAsync(() => app.Manager.Snapshot().Single().LastActivity > asked);
        app.Manager.GetStatistics().Errors["validation"].ShouldBe(0);
        hang.Calls.ShouldBe(1);

        await app.TurnUntilAsync(() => app.Manager.GetStatistics().Errors["validation"] == 1);
        app.Manager.ConnectionCount.ShouldBe(1);
        await app.TurnUntilAsync(() => hang.Calls == 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task I14_A_validator_that_hangs_delays_no_event_no_heartbeat_no_validation_of_others_and_no_end(bool blocksItsThread)
    {
        // Of two places one is taken, for longer than the test moves the clock.
        var validator = new Validator();
        await using var app = await StartAsync(validator, static o => (o.MaxConcurrentValidations, o.TokenValidationTimeout) = (2, TimeSpan.FromMinutes(5)));
        using var hang = new Hang(blocksItsThread);
        validator.Answer = context => context.Connection.Channels.Contains("slow") ? hang.Answer() : Task.FromResult(SseTokenStatus.Valid);
        await using var slow = await app.OpenAsync("/events?channels=slow");
        await using var quick = await app.OpenAsync("/events?channels=quick");
        app.Turn(61);
        await Watchdog.UntilAsync(() => hang.Calls == 1 && Of(app, "quick").TokenValidations == 1);
        var asked = app.Time.GetUtcNow();
        app.Turn(61);
        await Watchdog.UntilAsync(() => Of(app, "quick").TokenValidations == 2);
        await Watchdog.UntilAsync(() => Of(app, "slow").LastActivity > asked, what: "a heartbeat");

        // From here on the clock stands still: nothing waits until the validator's time is over.
        await app.Publisher.PublishAsync("slow", "at once");
        (await slow.NextAsync())!.Value.Data.ShouldBe("at once");
        var stream = Of(app, "slow");
        (stream.TokenValidations, stream.Errors, hang.Calls).ShouldBe((0L, 0L, 1));
        (await app.Manager.CloseAsync(SseTarget.Connection(stream.Id), "bye")).ShouldBe(1);
        (await slow.ReadToEndAsync())[^1].Data.ShouldContain("bye");
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_place_of_a_validator_that_hangs_is_free_when_its_time_is_over(bool blocksItsThread)
    {
        var validator = new Validator();
        await using var app = await StartAsync(validator, static o => (o.MaxConcurrentValidations, o.TokenValidationTimeout, o.MaxLifetime) = (1, TimeSpan.FromMinutes(2), TimeSpan.FromDays(7)));
        using var hang = new Hang(blocksItsThread);
        validator.Answer = context => context.Connection.Channels.Contains("slow") ? hang.Answer() : Task.FromResult(SseTokenStatus.Valid);
        await using var slow = await app.OpenAsync("/events?channels=slow");
        await using var quick = await app.OpenAsync("/events?channels=quick");
        app.Turn(61);
        await Watchdog.UntilAsync(() => hang.Calls > 0);

        // Its first may have come before, its second cannot: that one needs the place.
        await app.TurnUntilAsync(() => Of(app, "quick").TokenValidations >= 2);
    }

    [Fact]
    public async Task Validations_run_in_scopes_of_their_own_and_a_bounded_number_at_a_time()
    {
        var release = new TaskCompletionSource<SseTokenStatus>();
        var (scopes, running, most) = (0, 0, 0);
        var validator = new Validator
        {
            Answer = async _ =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                var status = await release.Task;
                Interlocked.Decrement(ref running);
                return status;
            },
        };

        // Those under way must not run out of time while the clock is moved to the last one's turn.
        await using var app = await TestApp.StartAsync(
            static o => (o.MaxConcurrentValidations, o.TokenValidationTimeout) = (2, TimeSpan.FromMinutes(5)),
            s => s.AddScoped<ISseTokenValidator>(_ =>
            {
                Interlocked.Increment(ref scopes);
                return validator;
            }));
        var streams = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.OpenAsync()));
        app.Turn(61);
        await Watchdog.UntilAsync(() => Volatile.Read(ref running) == 2);
        release.SetResult(SseTokenStatus.Valid);
        await Watchdog.UntilAsync(() => app.Manager.Snapshot().All(static c => c.TokenValidations >= 1));
        most.ShouldBe(2);
        scopes.ShouldBe(validator.Calls);
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }

        static void InterlockedMax(ref int target, int value)
        {
            for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            {
                Interlocked.CompareExchange(ref target, value, seen);
            }
        }
    }

    [Fact]
    public async Task A_stream_ends_when_the_ticket_that_opened_it_expires()
    {
        await using var app = await TestApp.StartAsync(map: static a => a.UseTicket());
        await using var stream = await app.OpenAsync();
        app.Turn(91);
        (await stream.ReadToEndAsync()).Single().Data.ShouldContain("TOKEN_EXPIRED");
    }

    [Fact]
    public async Task For_sliding_tickets_the_end_of_the_ticket_can_be_left_to_the_validator()
    {
        await using var app = await TestApp.StartAsync(o => o.CloseAtTokenExpiry = false, map: static a => a.UseTicket());
        await using var stream = await app.OpenAsync();
        app.Turn(120);
        app.Manager.Snapshot().Single().State.ShouldBe(SseConnectionState.Open);
    }

    /// <summary>A validator's time is far longer than what the clock is moved by while one is asked, or a thread that comes late would count as one that hangs.</summary>
    private static Task<TestApp> StartAsync(Validator validator, Action<SseManagerOptions>? options = null) => TestApp.StartAsync(
        o =>
        {
            o.TokenValidationTimeout = TimeSpan.FromMinutes(5);
            options?.Invoke(o);
        },
        s => s.AddScoped<ISseTokenValidator>(_ => validator));

    private static SseConnectionInfo Of(TestApp app, string channel) => app.Manager.Snapshot().Single(c => c.Channels.Contains(channel));

    private static async Task RoundAsync(TestApp app, int validations)
    {
        app.Turn(61);
        await Watchdog.UntilAsync(() => app.Manager.Snapshot().Single().TokenValidations == validations);
    }

    /// <summary>An answer that does not come before the test is over; it obeys no token. What is waited for, or what the thread waits for itself.</summary>
    private sealed class Hang(bool blocks) : IDisposable
    {
        private readonly TaskCompletionSource<SseTokenStatus> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _over = new();
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public Task<SseTokenStatus> Answer()
        {
            Interlocked.Increment(ref _calls);
            if (blocks)
            {
                _over.Wait();
            }

            return _answer.Task;
        }

        // The event itself is left to the collector: somebody may still be waking up from it.
        public void Dispose()
        {
            _over.Set();
            _answer.TrySetResult(SseTokenStatus.Valid);
        }
    }

    private sealed class Validator : ISseTokenValidator
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public Func<SseTokenContext, Task<SseTokenStatus>> Answer { get; set; } = static _ => Task.FromResult(SseTokenStatus.Valid);

        public ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            context.User.ShouldBeOfType<ClaimsPrincipal>();
            return new ValueTask<SseTokenStatus>(Answer(context));
        }
    }
}

file static class Tickets
{
    /// <summary>Stands for an authentication middleware whose ticket expires in 90 s.</summary>
    public static void UseTicket(this WebApplication app) => app.Use((context, next) =>
    {
        var expires = app.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddSeconds(90);
        var ticket = new AuthenticationTicket(context.User, new AuthenticationProperties { ExpiresUtc = expires }, "test");
        context.Features.Set<IAuthenticateResultFeature>(new Feature { AuthenticateResult = AuthenticateResult.Success(ticket) });
        return next(context);
    });

    private sealed class Feature : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }
}
