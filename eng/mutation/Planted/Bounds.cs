namespace Planted;

/// <summary>Two comparisons: the tests pin the first one down and look away from the second.</summary>
public static class Bounds
{
    public static bool IsFull(int size, int maximum) => size >= maximum;

    public static bool IsNearlyFull(int size, int maximum) => size * 10 >= maximum * 8;
}
