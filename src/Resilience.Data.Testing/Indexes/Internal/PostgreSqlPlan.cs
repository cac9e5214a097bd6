using System.Text.Json;

namespace Resilience.Data.Testing;

/// <summary>Reads the steps out of PostgreSQL's plan in JSON.</summary>
internal static class PostgreSqlPlan
{
    public static List<PlanStep> Steps(string json)
    {
        using var document = JsonDocument.Parse(json);
        var steps = new List<PlanStep>();
        foreach (var statement in document.RootElement.EnumerateArray())
        {
            Visit(statement.GetProperty("Plan"), null, steps);
        }

        return steps;
    }

    private static void Visit(JsonElement node, string? table, List<PlanStep> steps)
    {
        var type = Text(node, "Node Type");
        table = Text(node, "Relation Name") ?? table;
        switch (type)
        {
            case "Seq Scan" or "Sample Scan":
                steps.Add(new PlanStep(table, null, false));
                break;
            case "Index Scan" or "Index Only Scan" or "Bitmap Index Scan":
                steps.Add(new PlanStep(table, Text(node, "Index Name"), node.TryGetProperty("Index Cond", out _)));
                break;
            case "Tid Scan" or "Tid Range Scan":
                steps.Add(new PlanStep(table, null, true));
                break;
        }

        if (node.TryGetProperty("Plans", out var children))
        {
            foreach (var child in children.EnumerateArray())
            {
                Visit(child, table, steps);
            }
        }
    }

    private static string? Text(JsonElement node, string name) => node.TryGetProperty(name, out var value) ? value.GetString() : null;
}
