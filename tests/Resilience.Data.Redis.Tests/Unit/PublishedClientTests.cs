using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Unit;

/// <summary>The package as users get it is compiled against a client that is not run here.</summary>
public sealed class PublishedClientTests
{
    private const string Package = "Resilience.Data.Redis";

    [Fact]
    public void Every_member_reference_of_the_published_build_is_in_the_published_client()
    {
        PublishedClient.CountUses(PublishedClient.PathOf(Package)).ShouldBeGreaterThan(10);
        PublishedClient.Check(File.OpenRead(PublishedClient.PathOf(Package))).ShouldBeEmpty();
    }

    [Fact]
    public void The_tests_run_on_the_other_client_and_the_check_tells_them_apart()
    {
        typeof(StackExchange.Redis.IDatabase).Assembly.GetName().Version!.Major.ShouldBe(1);
        PublishedClient.Check(File.OpenRead(Path.Combine(AppContext.BaseDirectory, Package + ".dll"))).ShouldNotBeEmpty();
    }
}
