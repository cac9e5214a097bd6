using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Resilience.Cleanup.Tests.Unit;

public sealed class ScopeOptionsTests
{
    [Fact]
    public void The_factory_comes_from_the_container_and_may_be_added_twice()
    {
        var services = new ServiceCollection();
        services.AddCleanupScopes(o => o.StepTimeout = TimeSpan.FromSeconds(1));
        services.AddCleanupScopes(o => o.Deadline = TimeSpan.FromSeconds(2));
        using var provider = services.BuildServiceProvider();

        provider.GetServices<CleanupScopeFactory>().ShouldHaveSingleItem().Create().State.ShouldBe(CleanupState.Open);
        var options = provider.GetRequiredService<IOptions<CleanupScopeOptions>>().Value;
        (options.StepTimeout, options.Deadline).ShouldBe((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_deadline_below_the_step_timeout_is_refused_with_both_values_and_the_cure()
    {
        var thrown = Should.Throw<OptionsValidationException>(() => Validate(o => o.Deadline = TimeSpan.FromSeconds(1)));

        thrown.Message.ShouldContain("00:00:01");
        thrown.Message.ShouldContain("00:00:05");
        thrown.Message.ShouldContain("set Deadline to at least StepTimeout");
    }

    [Fact]
    public void A_value_outside_its_limits_is_refused()
    {
        Should.Throw<OptionsValidationException>(() => Validate(o => o.StepTimeout = TimeSpan.Zero)).Message.ShouldContain("StepTimeout");
        Should.Throw<OptionsValidationException>(() => Validate(o => o.SlowAfter = TimeSpan.FromDays(1))).Message.ShouldContain("SlowAfter");
    }

    private static void Validate(Action<CleanupScopeOptions> configure)
    {
        using var provider = new ServiceCollection().AddCleanupScopes(configure).BuildServiceProvider();
        _ = provider.GetRequiredService<CleanupScopeFactory>();
    }
}
