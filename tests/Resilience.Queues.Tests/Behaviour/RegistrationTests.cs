using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Resilience.Queues.Tests.Behaviour;

public sealed class RegistrationTests
{
    [Fact]
    public async Task The_only_queue_of_a_type_needs_no_key()
    {
        await using var services = Build(static services => services.AddDelayedQueue<string>("a"));
        services.GetRequiredService<IDelayedQueue<string>>().ShouldBeSameAs(services.GetRequiredKeyedService<IDelayedQueue<string>>("a"));
        services.GetRequiredKeyedService<IDelayedQueue>("a").Name.ShouldBe("a");
    }

    [Fact]
    public async Task Two_queues_of_a_type_are_told_apart_by_key_and_the_error_names_them()
    {
        await using var services = Build(static services =>
        {
            services.AddDelayedQueue<string>("a");
            services.AddDelayedQueue<string>("b");
        });
        services.GetRequiredKeyedService<IDelayedQueue<string>>("a").ShouldNotBeSameAs(services.GetRequiredKeyedService<IDelayedQueue<string>>("b"));
        Should.Throw<InvalidOperationException>(() => services.GetRequiredService<IDelayedQueue<string>>()).Message.ShouldContain("a, b");
    }

    [Fact]
    public async Task Adding_a_queue_twice_adds_to_its_configuration()
    {
        await using var services = Build(static services =>
        {
            services.AddDelayedQueue<string>("a", static o => o.MaxSize = 5);
            services.AddDelayedQueue<string>("a", static o => o.MaxRetries = 1);
        });
        var options = services.GetRequiredService<IOptionsMonitor<DelayedQueueOptions>>().Get("a");
        (options.MaxSize, options.MaxRetries).ShouldBe((5, 1));
        services.GetServices<IHostedService>().Count().ShouldBe(1);
    }

    [Fact]
    public void A_name_stands_for_one_type()
    {
        var services = new ServiceCollection();
        services.AddDelayedQueue<string>("a");
        Should.Throw<InvalidOperationException>(() => services.AddDelayedQueue<int>("a")).Message.ShouldContain("System.String");
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("brace{")]
    [InlineData("ümlaut")]
    public void A_name_that_cannot_be_a_key_is_refused(string name) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddDelayedQueue<string>(name));

    [Theory]
    [InlineData(nameof(DelayedQueueOptions.MaxSize), "0")]
    [InlineData(nameof(DelayedQueueOptions.MaxDeliveries), "6")]
    [InlineData(nameof(DelayedQueueOptions.MaxRetryDelay), "00:00:01")]
    [InlineData(nameof(DelayedQueueOptions.AlertClearThreshold), "0.9")]
    [InlineData(nameof(DelayedQueueOptions.VisibilityTimeout), "00:00:00")]
    public async Task An_option_outside_its_limits_is_refused_at_start_with_name_value_and_cure(string option, string value)
    {
        await using var services = Build(services => services.AddDelayedQueue<string>("a", o => Set(o, option, value)));

        var error = Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        error.Message.ShouldContain(option);
        error.Message.ShouldContain("set", Case.Insensitive);
    }

    [Fact]
    public void A_queue_has_one_worker()
    {
        var builder = new ServiceCollection().AddDelayedQueue<string>("a").AddWorker<Handler>();
        Should.Throw<InvalidOperationException>(() => builder.AddWorker<Handler>()).Message.ShouldContain("Concurrency");
    }

    private static void Set(DelayedQueueOptions options, string name, string value)
    {
        var property = typeof(DelayedQueueOptions).GetProperty(name)!;
        property.SetValue(options, System.ComponentModel.TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(value));
    }

    private static ServiceProvider Build(Action<ServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        add(services);
        return services.BuildServiceProvider();
    }

    private sealed class Handler : IQueueHandler<string>
    {
        public Task HandleAsync(string item, DeliveryContext context, CancellationToken leaseLost) => Task.CompletedTask;
    }
}
