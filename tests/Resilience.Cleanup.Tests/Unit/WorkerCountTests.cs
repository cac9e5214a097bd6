using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Resilience.Cleanup.Tests.Unit;

public sealed class WorkerCountTests
{
    [Theory]
    [InlineData("Auto", "Auto")]
    [InlineData("auto", "Auto")]
    [InlineData("1", "1")]
    [InlineData(" 12 ", "12")]
    [InlineData("1024", "1024")]
    public void Auto_and_positive_integers_bind_from_configuration(string text, string expected) =>
        Bind(text).Workers.ToString().ShouldBe(expected);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("many")]
    [InlineData("1025")]
    public void Anything_else_is_refused_with_the_value_and_the_cure(string text)
    {
        var thrown = Should.Throw<Exception>(() => Bind(text)).GetBaseException();

        thrown.Message.ShouldContain($"'{text}'");
        thrown.Message.ShouldContain("Auto or to an integer from 1 to 1024");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-4)]
    [InlineData(1025)]
    public void A_number_outside_the_limits_is_refused_in_code_too(int number) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new CleanupDispatcherOptions { Workers = number }).Message.ShouldContain("Auto or to an integer");

    [Fact]
    public void Auto_is_half_the_processors_between_1_and_8()
    {
        WorkerCount.Auto.Value.ShouldBe(Math.Clamp(Environment.ProcessorCount / 2, 1, 8));
        new CleanupDispatcherOptions().Workers.ShouldBe(WorkerCount.Auto);
        ((WorkerCount)3).Value.ShouldBe(3);
    }

    private static CleanupDispatcherOptions Bind(string text)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Workers", text)]).Build();
        using var provider = new ServiceCollection()
            .AddCleanupDispatcher().Services
            .Configure<CleanupDispatcherOptions>(configuration)
            .BuildServiceProvider();
        return provider.GetRequiredService<IOptions<CleanupDispatcherOptions>>().Value;
    }
}
