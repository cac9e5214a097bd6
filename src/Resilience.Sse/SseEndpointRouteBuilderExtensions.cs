using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Resilience.Sse;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps SSE endpoints. See <c>docs/sse.md</c>.</summary>
/// <remarks>
/// The slot is taken before the handler runs; the handler runs in a dependency-injection scope of its own, which is disposed before the stream begins. It returns
/// one of <see cref="SseResults"/>, or any other result, which refuses the client and frees the slot. Its token is cancelled when the client goes, when the
/// connection is closed, and after <see cref="SseManagerOptions.ConnectTimeout"/>. HTTP metrics, request timeouts and output caching are off for these endpoints.
/// </remarks>
public static class SseEndpointRouteBuilderExtensions
{
    private static readonly string[] Methods = [HttpMethods.Get];

    /// <summary>Maps a handler without services.</summary>
    /// <exception cref="InvalidOperationException"><c>AddSseManager</c> was not called.</exception>
    public static IEndpointConventionBuilder MapSse(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<SseConnectContext, CancellationToken, ValueTask<IResult>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, (connect, _, ct) => handler(connect, ct));
    }

    /// <summary>Maps a handler with one service.</summary>
    /// <inheritdoc cref="MapSse(IEndpointRouteBuilder, string, Func{SseConnectContext, CancellationToken, ValueTask{IResult}})"/>
    public static IEndpointConventionBuilder MapSse<TDep>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<SseConnectContext, TDep, CancellationToken, ValueTask<IResult>> handler)
        where TDep : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, (connect, s, ct) => handler(connect, s.GetRequiredService<TDep>(), ct));
    }

    /// <summary>Maps a handler with two services.</summary>
    /// <inheritdoc cref="MapSse(IEndpointRouteBuilder, string, Func{SseConnectContext, CancellationToken, ValueTask{IResult}})"/>
    public static IEndpointConventionBuilder MapSse<TDep1, TDep2>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<SseConnectContext, TDep1, TDep2, CancellationToken, ValueTask<IResult>> handler)
        where TDep1 : notnull
        where TDep2 : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, (connect, s, ct) =>
            handler(connect, s.GetRequiredService<TDep1>(), s.GetRequiredService<TDep2>(), ct));
    }

    /// <summary>Maps a handler with three services.</summary>
    /// <inheritdoc cref="MapSse(IEndpointRouteBuilder, string, Func{SseConnectContext, CancellationToken, ValueTask{IResult}})"/>
    public static IEndpointConventionBuilder MapSse<TDep1, TDep2, TDep3>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<SseConnectContext, TDep1, TDep2, TDep3, CancellationToken, ValueTask<IResult>> handler)
        where TDep1 : notnull
        where TDep2 : notnull
        where TDep3 : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, (connect, s, ct) =>
            handler(connect, s.GetRequiredService<TDep1>(), s.GetRequiredService<TDep2>(), s.GetRequiredService<TDep3>(), ct));
    }

    /// <summary>Maps a handler with four services.</summary>
    /// <inheritdoc cref="MapSse(IEndpointRouteBuilder, string, Func{SseConnectContext, CancellationToken, ValueTask{IResult}})"/>
    public static IEndpointConventionBuilder MapSse<TDep1, TDep2, TDep3, TDep4>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<SseConnectContext, TDep1, TDep2, TDep3, TDep4, CancellationToken, ValueTask<IResult>> handler)
        where TDep1 : notnull
        where TDep2 : notnull
        where TDep3 : notnull
        where TDep4 : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, (connect, s, ct) => handler(
            connect, s.GetRequiredService<TDep1>(), s.GetRequiredService<TDep2>(), s.GetRequiredService<TDep3>(), s.GetRequiredService<TDep4>(), ct));
    }

    /// <summary>Sets options of one endpoint; also for results of <see cref="SseResults"/> that are returned from <c>MapGet</c>.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its bounds.</exception>
    public static TBuilder WithSse<TBuilder>(this TBuilder builder, Action<SseEndpointOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new SseEndpointOptions();
        configure(options);
        var result = new ValidateOptionsResultBuilder();
        result.AddResult(new SseEndpointOptionsValidator().Validate(null, options));
        result.AddResult(new SseEndpointOptionsRules().Validate(null, options));
        if (result.Build() is { Failed: true } failed)
        {
            throw new OptionsValidationException(nameof(SseEndpointOptions), typeof(SseEndpointOptions), failed.Failures);
        }

        // One for each endpoint, also of a group: the settings it keeps have the endpoint's name.
        builder.Add(endpoint => endpoint.Metadata.Add(new SseEndpointMetadata(options)));
        return builder;
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern, SseHandler handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var connector = endpoints.ServiceProvider.GetService<SseConnector>()
            ?? throw new InvalidOperationException("The SSE manager is not registered; call services.AddSseManager().");
        return endpoints
            .MapMethods(pattern, Methods, http => connector.ConnectAsync(http, handler))
            .WithMetadata(
                new DisableRequestTimeoutAttribute(),
                new HttpMetricsOff(),
                new OutputCacheAttribute { NoStore = true },
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(void), ["text/event-stream"]))
            .WithDisplayName($"SSE {pattern}");
    }

    private sealed class HttpMetricsOff : IDisableHttpMetricsMetadata;
}
