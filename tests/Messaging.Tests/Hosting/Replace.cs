using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>Puts a test's own service in the place of the application's.</summary>
internal static class Replace
{
    /// <summary>Gives the application a clock of the test. Locks and commits are the database's, whose clock nobody moves: their limits stay real.</summary>
    internal static void Time(WebApplicationBuilder builder, TimeProvider time)
    {
        Service(builder, time);
        var guarded = builder.Services.Last(static service => service.ServiceType == typeof(IGuardedTransactions));
        builder.Services.AddSingleton(provider => (IGuardedTransactions)guarded.ImplementationFactory!(new RealClock(provider)));
    }

    /// <summary>For tests in which the servers are well and a clean log is part of what is proved: one that takes seconds to answer is no problem of the application.</summary>
    internal static void Patience(WebApplicationBuilder builder) => Service<TimeProvider>(builder, new PatientTimeProvider());

    /// <summary>The last registration is the one that is used.</summary>
    internal static void Service<T>(WebApplicationBuilder builder, T service)
        where T : class => builder.Services.AddSingleton(service);

    private sealed class RealClock(IServiceProvider inner) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(TimeProvider) ? TimeProvider.System : inner.GetService(serviceType);
    }
}
