"""An RTSP camera made of GStreamer's RTSP server: `rtsp-server.py PORT PATH LAUNCH [USER PASSWORD]`.

LAUNCH is a GStreamer pipeline whose payloader is called pay0. PORT 0 takes a free one. Prints the port once it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
port, path, launch, *credentials = sys.argv[1:]

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(launch)
factory.set_shared(True)
# A lost client must not keep the camera from starting afresh.
factory.set_suspend_mode(GstRtspServer.RTSPSuspendMode.NONE)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
server.get_mount_points().add_factory(path, factory)

if credentials:
    user, password = credentials
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)

if server.attach(None) == 0:
    sys.exit("cannot listen on port " + port)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
