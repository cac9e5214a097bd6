using System.Net;
using System.Net.Sockets;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit.Tests.Unit;

public sealed class ProgramsAndFilesTests
{
    [Fact]
    public void A_missing_program_is_a_failure_that_names_the_package()
    {
        var error = Should.Throw<MissingProgramException>(() => Binary.Find("no-such-server", "some-package", "/nowhere"));

        error.Message.ShouldContain("no-such-server was not found");
        error.Message.ShouldContain("apt-get install some-package");
        Binary.Find("sh", "dash").ShouldEndWith("/sh");
    }

    [Fact]
    public void A_folder_goes_with_all_it_holds()
    {
        var folder = new TempFolder("kit");
        File.WriteAllText(folder.PathOf("file"), "x");
        Directory.CreateDirectory(folder.PathOf("deep/er"));
        using var other = new TempFolder("kit");
        other.FullPath.ShouldNotBe(folder.FullPath);

        folder.Dispose();
        folder.Dispose();

        Directory.Exists(folder.FullPath).ShouldBeFalse();
        Directory.Exists(other.FullPath).ShouldBeTrue();
    }

    [Fact]
    public void The_folder_of_a_process_that_is_gone_is_removed_and_that_of_a_living_one_is_not()
    {
        // No process has this number: it is above the kernel's limit of 4,194,304. The end of each name is this run's own, for another may be at the same test.
        var orphan = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"resilience-test-4194305-{Environment.ProcessId}-orphan"));
        var alive = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"resilience-test-1-{Environment.ProcessId}-alive"));
        try
        {
            TempFolder.RemoveOrphans();

            Directory.Exists(orphan.FullName).ShouldBeFalse();
            Directory.Exists(alive.FullName).ShouldBeTrue();
        }
        finally
        {
            alive.Delete();
        }
    }

    [Fact]
    public void A_port_is_free_below_the_ports_of_outgoing_connections_and_given_once()
    {
        var ports = new HashSet<int>();
        for (var i = 0; i < 50; i++)
        {
            var port = FreePort.Next();
            port.ShouldBeInRange(15_000, 30_999);
            ports.Add(port).ShouldBeTrue();
        }

        using var listener = ListenOnTheNext(out var taken);
        FreePort.Next().ShouldNotBe(taken);
    }

    /// <summary>Takes the port that would be given next; another test may have taken it, so it tries more than one.</summary>
    private static TcpListener ListenOnTheNext(out int port)
    {
        while (true)
        {
            port = FreePort.Next() + 1;
            var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return listener;
            }
            catch (SocketException)
            {
                listener.Dispose();
            }
        }
    }
}
