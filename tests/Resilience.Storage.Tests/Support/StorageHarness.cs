using System.Data.Common;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

public enum RecordMode
{
    PendingColumn,
    Snapshot,
}

/// <summary>An application: a table of attachments, a folder of files, and one or more instances of the service on them.</summary>
public sealed class StorageHarness : IAsyncDisposable
{
    public const string User = "ada";
    private readonly List<StorageInstance> _instances = [];
    private readonly TempFolder _folder = new("storage");

    private StorageHarness(ITestDatabase database, RecordMode mode)
    {
        Database = database;
        Mode = mode;
        Root = _folder.PathOf("root");
        Directory.CreateDirectory(Root);
    }

    public ITestDatabase Database { get; }

    public RecordMode Mode { get; }

    public string Root { get; }

    /// <summary>A folder beside the root, for what must not be touched.</summary>
    public string Outside => _folder.FullPath;

    public ManualTimeProvider Time { get; } = new();

    public static string TableSql(RecordMode mode) => $"""
        CREATE TABLE attachments (id TEXT NOT NULL PRIMARY KEY, path TEXT NOT NULL, owner_id TEXT NOT NULL, channel TEXT, size BIGINT, note TEXT
        {(mode == RecordMode.PendingColumn ? ", pending_delete TEXT, delete_error TEXT" : string.Empty)});
        CREATE INDEX attachments_path ON attachments (path);
        """;

    public static async Task<StorageHarness> CreateAsync(ITestDatabase database, RecordMode mode = RecordMode.PendingColumn)
    {
        var harness = new StorageHarness(database, mode);
        await database.ExecuteAsync(TableSql(mode));
        return harness;
    }

    /// <summary>Another instance of the service on the same database and folder, as another process would have.</summary>
    public StorageInstance Start(
        Action<FileDeletionOptions>? configure = null,
        Action<IFileDeletionBuilder>? build = null,
        FaultScript? files = null,
        FaultScript? database = null,
        bool breakOnFault = false)
    {
        var instance = new StorageInstance(this, configure, build, files ?? new(), database, breakOnFault);
        _instances.Add(instance);
        return instance;
    }

    public string PathOf(string key) => Path.Combine(Root, RelativeOf(key));

    public static string RelativeOf(string key) => $"{key[^1]}/{key}.bin";

    public async Task AddAsync(string key, string owner = User, string? content = null, string? path = null)
    {
        path ??= RelativeOf(key);
        if (content is not "")
        {
            var full = Path.Combine(Root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, content ?? $"content of {key}");
        }

        await InsertAsync(key, path, owner);
    }

    public async Task InsertAsync(string key, string path, string owner = User)
    {
        await using var connection = await Database.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO attachments (id, path, owner_id, size, note) VALUES (@id, @path, @owner, 42, @note)";
        Add(command, "@id", key);
        Add(command, "@path", path);
        Add(command, "@owner", owner);
        Add(command, "@note", "naïve ☃ 'quote' \\ back");
        await command.ExecuteNonQueryAsync();
    }

    public async Task AddManyAsync(IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            var full = PathOf(key);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, key);
        }

        await using var connection = await Database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO attachments (id, path, owner_id) VALUES (@id, @path, 'ada')";
        Add(command, "@id", "");
        Add(command, "@path", "");
        foreach (var key in keys)
        {
            command.Parameters[0].Value = key;
            command.Parameters[1].Value = RelativeOf(key);
            await command.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }

    public bool FileExists(string key) => File.Exists(PathOf(key));

    /// <summary>Keys of the records that readers see.</summary>
    public Task<List<string>> VisibleAsync() => ListAsync(Mode == RecordMode.PendingColumn
        ? "SELECT id FROM attachments WHERE pending_delete IS NULL ORDER BY id"
        : "SELECT id FROM attachments ORDER BY id");

    public Task<List<string>> RowsAsync() => ListAsync("SELECT id FROM attachments ORDER BY id");

    public Task<List<string>> JournalAsync() => ListAsync("SELECT CAST(state AS TEXT) || ':' || record_key FROM resilience_file_journal ORDER BY record_key");

    public Task<List<string>> AuditAsync(string key) => ListAsync("SELECT result FROM resilience_file_audit WHERE record_key = @key ORDER BY id", ("@key", key));

    public Task<List<string>> AuditOfAllAsync() => ListAsync("SELECT result || ' ' || path FROM resilience_file_audit ORDER BY id");

    public async Task<List<string>> ListAsync(string sql, params (string, object)[] parameters)
    {
        await using var connection = await Database.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constant texts of tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            Add(command, name, value);
        }

        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.IsDBNull(0) ? "" : reader.GetString(0));
        }

        return rows;
    }

    /// <summary>All files below the root but the library's own, as relative paths.</summary>
    public List<string> Files() =>
        [.. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(Root, p)).Where(p => !p.StartsWith(".resilience", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Every visible record has its file: true at every instant, also before recovery.</summary>
    public async Task RecordsHaveFilesAsync()
    {
        foreach (var key in await VisibleAsync())
        {
            FileExists(key).ShouldBeTrue($"the record {key} has no file");
        }
    }

    /// <summary>Records and files are the same set and nothing is left in between: true after recovery.</summary>
    public async Task NothingIsLeftAsync()
    {
        var records = await VisibleAsync();
        (await RowsAsync()).ShouldBe(records);
        Files().ShouldBe(records.Select(RelativeOf).Order(StringComparer.Ordinal).ToList());
        (await JournalAsync()).ShouldAllBe(row => row.StartsWith("2:", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }

        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
