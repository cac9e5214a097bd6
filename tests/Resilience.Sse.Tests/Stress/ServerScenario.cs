using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>A server in a process of its own: for signals and for the size of a process.</summary>
public sealed class ServerScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSseManager(SseApp.Widen);
        var app = builder.Build();
        SseApp.Map(app);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        context.Send(new Uri(address).Port.ToString(CultureInfo.InvariantCulture));
        _ = AnswerAsync(context, app.Services);
        await app.WaitForShutdownAsync();
    }

    private static async Task AnswerAsync(ChildContext context, IServiceProvider services)
    {
        var publisher = services.GetRequiredService<ISsePublisher>();
        var payload = new string('x', 100);
        while (true)
        {
            var command = await context.ReceiveAsync();
            if (command == "memory")
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
                using var self = Process.GetCurrentProcess();
                context.Send(string.Create(CultureInfo.InvariantCulture, $"{self.WorkingSet64} {GC.GetTotalMemory(true)}"));
                continue;
            }

            if (command == "size")
            {
                using var self = Process.GetCurrentProcess();
                context.Send(self.WorkingSet64.ToString(CultureInfo.InvariantCulture));
                continue;
            }

            for (var i = int.Parse(command, CultureInfo.InvariantCulture); i > 0; i--)
            {
                await publisher.PublishAsync("news", payload);
            }

            context.Send("published");
        }
    }
}
