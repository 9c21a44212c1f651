using System.Globalization;
using Bioproxy.Benchmarks.Runs;

namespace Bioproxy.Benchmarks.Controls;

/// <summary>nginx with the usual configuration for an LLM server: connections are kept alive, answers are not buffered.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    private NginxProcess(DirectoryInfo folder, ChildProcess process)
    {
        _folder = folder;
        Process = process;
    }

    public ChildProcess Process { get; }

    /// <summary>The program from <c>BENCH_NGINX</c> or the search path; null where there is none.</summary>
    public static string? Program
    {
        get
        {
            if (Environment.GetEnvironmentVariable("BENCH_NGINX") is { Length: > 0 } named)
                return File.Exists(named) ? named : null;
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin");
            return folders.Select(folder => Path.Combine(folder, "nginx")).FirstOrDefault(File.Exists);
        }
    }

    public static async Task<NginxProcess> StartAsync(string program, int port, int backend, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-bench-nginx-");
        var file = Path.Combine(folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(file, Configuration(port, backend), cancellationToken);
        var process = ChildProcess.Start(program, ["-p", folder.FullName, "-c", file, "-e", "stderr"]);
        var nginx = new NginxProcess(folder, process);
        try
        {
            await process.UntilListeningAsync(port, cancellationToken);
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string Configuration(int port, int backend)
    {
        var text = """
            USERdaemon off;
            worker_processes auto;
            error_log stderr warn;
            pid nginx.pid;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path body;
              proxy_temp_path proxy;
              fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi;
              scgi_temp_path scgi;
              client_max_body_size 0;
              client_body_buffer_size 64k;
              tcp_nodelay on;
              keepalive_requests 100000000;
              upstream backend { server 127.0.0.1:BACKEND; keepalive 64; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:PORT;
                location / {
                  proxy_pass http://backend;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_buffering off;
                }
              }
            }

            """;
        return text
            // the workers read a private folder
            .Replace("USER", Environment.IsPrivilegedProcess ? "user root; " : "", StringComparison.Ordinal)
            .Replace("BACKEND", backend.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
