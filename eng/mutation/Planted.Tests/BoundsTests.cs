using Xunit;

namespace Planted.Tests;

public sealed class BoundsTests
{
    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    public void Full_means_at_the_maximum_or_above(int size, bool full) => Assert.Equal(full, Bounds.IsFull(size, 10));

    // Planted: 8 of 10 is not tried, so that a mutant of the comparison survives.
    [Fact]
    public void Nearly_full_is_far_above_the_mark() => Assert.True(Bounds.IsNearlyFull(10, 10));
}
