using System.Text;
using Microsoft.Playwright;
using Resilience.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>Files in the page: attach with progress, list, download, delete.</summary>
public abstract class AttachmentPageTests(ChromiumFixture chromium)
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("what was attached");

    [Theory]
    [InlineData(Window.Wide)]
    [InlineData(Window.Phone)]
    public async Task A_file_is_attached_seen_by_the_other_downloaded_and_deleted(int width)
    {
        var (channel, ben) = (Names.Next("papers"), Names.Next("Ben"));
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App, width);
        await using var other = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(channel);
        await other.RegisterAsync(ben);
        await other.JoinAsync(channel);

        // Notices go after some seconds: both are looked for from the beginning.
        var told = Expect(other.Page.GetByText("attached notes.txt.")).ToBeVisibleAsync();
        await AttachAsync(ann, "notes.txt");
        await told;
        await OpenFilesAsync(ann);
        await OpenFilesAsync(other);
        await Expect(File(ann, "notes.txt")).ToContainTextAsync("17 B");
        await ann.ShouldFitAsync($"files at {width}");

        // Neither the uploader nor an owner: nothing to delete with.
        await Expect(other.Page.GetByRole(AriaRole.Button, new() { Name = "Delete notes.txt" })).ToHaveCountAsync(0);
        var download = await other.Page.RunAndWaitForDownloadAsync(() => other.Page.GetByRole(AriaRole.Link, new() { Name = "notes.txt" }).ClickAsync());
        download.SuggestedFilename.ShouldBe("notes.txt");
        (await System.IO.File.ReadAllBytesAsync(await download.PathAsync())).ShouldBe(Content);

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Delete notes.txt" }).ClickAsync();
        await Expect(File(ann, "notes.txt")).ToHaveCountAsync(0);
        await Expect(File(other, "notes.txt")).ToHaveCountAsync(0);
        await Expect(ann.Page.Locator("#files-list")).ToHaveTextAsync("No files yet.");
        ann.ShouldBeClean();
        other.ShouldBeClean();
    }

    [Fact]
    public async Task An_upload_shows_its_progress_and_can_be_cancelled()
    {
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("slow"));

        // The server never sees the request, so the upload stays on its way. The route stays: without it the browser would send
        // a held request whose end it has not heard of yet.
        var held = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await ann.Page.RouteAsync("**/attachments", route => route.Request.Method == "POST" ? Task.FromResult(held.TrySetResult(route)) : route.ContinueAsync());
        await PickAsync(ann, "big.bin");
        await held.Task.WaitAsync(TestContext.Current.CancellationToken);
        await Expect(ann.Page.GetByRole(AriaRole.Progressbar, new() { Name = "Uploading big.bin" })).ToBeVisibleAsync();

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel the upload" }).ClickAsync();
        await Expect(ann.Page.Locator(".upload")).ToHaveCountAsync(0);
        await OpenFilesAsync(ann);
        await Expect(ann.Page.Locator("#files-list")).ToHaveTextAsync("No files yet.");
    }

    [Fact]
    public async Task Files_are_listed_and_deleted_with_the_keyboard_alone()
    {
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("keys"));
        await AttachAsync(ann, "keys.txt");

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Files", Exact = true }).FocusAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await Expect(ann.Page.GetByRole(AriaRole.Dialog, new() { Name = "Files" })).ToBeVisibleAsync();
        await Expect(File(ann, "keys.txt")).ToHaveCountAsync(1);
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Delete keys.txt" }).FocusAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await Expect(File(ann, "keys.txt")).ToHaveCountAsync(0);
        await ann.Page.Keyboard.PressAsync("Escape");
        await Expect(ann.Page.GetByRole(AriaRole.Dialog, new() { Name = "Files" })).ToBeHiddenAsync();
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task An_old_list_of_files_brings_no_deleted_file_back()
    {
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("order"));
        await AttachAsync(ann, "old.txt");
        await OpenFilesAsync(ann);
        await Expect(File(ann, "old.txt")).ToHaveCountAsync(1);

        // The answer to the first reading waits until the file is gone and the second has been answered.
        var held = await ann.HoldAnswerAsync("**/attachments?*");
        await ann.Page.Keyboard.PressAsync("Escape");
        await OpenFilesAsync(ann);
        await held.Asked.Within();
        await ann.Page.Keyboard.PressAsync("Escape");
        await OpenFilesAsync(ann);
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Delete old.txt" }).ClickAsync();
        await Expect(ann.Page.Locator("#files-list")).ToHaveTextAsync("No files yet.");
        var late = ann.Page.WaitForRequestFinishedAsync();
        held.Release();
        await late;

        await ann.Page.EvaluateAsync("() => fetch('/health/live').then(answer => answer.text())");
        await Expect(ann.Page.Locator("#files-list")).ToHaveTextAsync("No files yet.");
        ann.ShouldBeClean();
    }

    private static ILocator File(Window window, string name) => window.Page.Locator("#files-list li", new() { HasText = name });

    private static Task PickAsync(Window window, string name) =>
        window.Page.Locator("#file-picker").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "text/plain", Buffer = Content });

    private static async Task AttachAsync(Window window, string name)
    {
        var told = Expect(window.Page.GetByText($"{name} is attached.")).ToBeVisibleAsync();
        await PickAsync(window, name);
        await told;
    }

    private static async Task OpenFilesAsync(Window window)
    {
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Files", Exact = true }).ClickAsync();
        await Expect(window.Page.Locator("#files-dialog")).ToBeVisibleAsync();
    }
}

public sealed class SqliteAttachmentPageTests(SqliteChromium chromium) : AttachmentPageTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlAttachmentPageTests(PostgreSqlChromium chromium) : AttachmentPageTests(chromium), IClassFixture<PostgreSqlChromium>;
