using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests;

/// <summary>Puts a test's own service in the place of the application's.</summary>
internal static class Replace
{
    internal static void Time(WebApplicationBuilder builder, TimeProvider time) => Service(builder, time);

    /// <summary>The last registration is the one that is used.</summary>
    internal static void Service<T>(WebApplicationBuilder builder, T service)
        where T : class => builder.Services.AddSingleton(service);
}
