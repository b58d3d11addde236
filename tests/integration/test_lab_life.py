"""A lab as a whole: its directory, its log of requests, and what it keeps from one start to the next."""

import socket
import ssl
import tomllib
from pathlib import Path
from stat import S_IMODE
from urllib.parse import urlsplit

import pytest
import requests
from tests.support.lab_client import NodeClient, put_sstable

from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab import Lab, Membership, NodeSpec, Speeds
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.command import FaultOptions, fault


def test_a_lab_started_again_has_its_tables_its_loads_and_its_token(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=2) as lab:
        client = NodeClient(lab)
        put_sstable(client.upload, "me-1-big")
        client.load()
        before = (
            lab.token,
            lab.cluster_id,
            lab.nodes,
            lab.url(lab.nodes[0]),
            lab.certificate_path.read_bytes(),
        )
        client.close()
    with Lab(tmp_path) as lab:
        client = NodeClient(lab)
        after = (
            lab.token,
            lab.cluster_id,
            lab.nodes,
            lab.url(lab.nodes[0]),
            lab.certificate_path.read_bytes(),
        )
        assert after == before
        assert client.load().status_code == 200
        assert lab.loaded_sstables() == {"ks.t": 1}
        assert len(lab.requests("/storage_service/sstables/ks")) == 2
        client.close()


def test_nodes_join_when_a_lab_is_started_with_more(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=2, tables=("ks.t",)):
        pass
    with Lab(tmp_path, nodes=3) as lab:
        client = NodeClient(lab)
        assert len(client.send("GET", "/gossiper/endpoint/live/").json()) == 3
        assert (lab.data_directory(lab.nodes[2]) / client.table.directory / "upload").is_dir()
        client.close()


def test_every_request_is_logged_without_its_token(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=1) as lab:
        client = NodeClient(lab)
        client.rclone("operations/list?x=1", fs="data:", remote="")
        client.send("GET", "/no/such/path")
        first, second = lab.requests()
        client.close()
        assert lab.token not in lab.files.requests.read_text()
    assert (first.node, first.method, first.path) == (
        lab.nodes[0].address,
        "POST",
        "/agent/rclone/operations/list",
    )
    assert (first.query, first.body, first.status) == ("x=1", {"fs": "data:", "remote": ""}, 200)
    assert (second.body, second.status) == (None, 404)


@pytest.mark.parametrize("rest", [b"", b"Content-Length: 40\r\n", b"Content-Length: 40\r\n\r\n{"])
def test_a_request_that_ends_in_the_middle_is_none(tmp_path: Path, rest: bytes) -> None:
    with Lab(tmp_path, nodes=1) as lab:
        place = urlsplit(lab.url(lab.nodes[0]))
        context = ssl.create_default_context(cafile=lab.certificate_path)
        with (
            socket.create_connection((place.hostname, place.port)) as plain,
            context.wrap_socket(plain, server_hostname=place.hostname) as client,
        ):
            head = f"POST /agent/rclone/operations/list HTTP/1.1\r\nAuthorization: Bearer {lab.token}\r\n"
            client.sendall(head.encode() + rest)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1024):  # what TLS itself has to say, until the node is through with it
                pass
        assert lab.requests() == []


def test_a_wrong_token_is_refused_after_a_second_unless_told_otherwise(tmp_path: Path) -> None:
    assert Speeds().unauthorized_delay_s == 1.0
    with Lab(tmp_path, nodes=1, speeds=Speeds(unauthorized_delay_s=0.0)) as lab:
        client = NodeClient(lab, token="wrong")
        answer = client.send("GET", "/agent/node_info")
        client.close()
    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized", "code": 401})


def test_the_configuration_file_says_how_the_nodes_are_reached(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=2) as lab:
        config = tomllib.loads(lab.config_path.read_text())
        cluster = config["cluster"]["lab"]
        assert cluster["hosts"] == [node.address for node in lab.nodes]
        assert {f"https://{place}" for place in cluster["translate"].values()} == {
            lab.url(node) for node in lab.nodes
        }
        assert Path(cluster["auth_token"].removeprefix("file:")).read_text().strip() == lab.token
        assert config["localstorage"]["path"] == str(lab.directory / "buckets")
        ssl.create_default_context(cafile=cluster["tls_ca"])
    assert {S_IMODE(file.stat().st_mode) for file in (lab.files.token_file, lab.config_path)} == {0o600}


def test_nodes_of_several_dcs_tell_where_they_are(tmp_path: Path) -> None:
    nodes = [
        NodeSpec(address="127.0.3.1", dc="east"),
        NodeSpec(address="127.0.3.2", dc="west", rack="r9", shards=7),
    ]
    with Lab(tmp_path, nodes=nodes) as lab:
        client = NodeClient(lab)
        assert client.send("GET", "/snitch/datacenter?host=127.0.3.2").json() == "west"
        assert client.send("GET", "/snitch/rack?host=127.0.3.2").json() == "r9"
        client.close()


def test_nodes_can_be_seen_as_down_or_on_the_move(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=3) as lab:
        client = NodeClient(lab)
        first, second, third = (node.address for node in lab.nodes)
        lab.set_membership(Membership(down=(second,), joining=(third,)))
        assert client.send("GET", "/gossiper/endpoint/live/").json() == [first, third]
        assert client.send("GET", "/gossiper/endpoint/down/").json() == [second]
        assert client.send("GET", "/storage_service/nodes/joining").json() == [third]
        client.close()


def test_a_killed_node_does_not_answer_until_it_is_started_again(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=2) as lab:
        client = NodeClient(lab)
        put_sstable(client.upload, "me-1-big")
        lab.stop_node(client.node)
        with pytest.raises(requests.ConnectionError):
            client.send("GET", "/agent/node_info")
        lab.start_node(client.node)
        assert client.load().status_code == 200
        client.close()


def test_where_a_system_has_no_such_address_a_node_listens_on_another_one(tmp_path: Path) -> None:
    # The address is of a block that is kept for documentation: no machine has it.
    with Lab(tmp_path, nodes=2, base_address="192.0.2.1") as lab:
        client = NodeClient(lab)
        translate = tomllib.loads(lab.config_path.read_text())["cluster"]["lab"]["translate"]
        assert translate["192.0.2.1"].startswith("127.0.0.1:")
        assert client.send("GET", "/gossiper/endpoint/live/").json() == ["192.0.2.1", "192.0.2.2"]
        client.close()


def test_compaction_is_switched_by_node_and_table(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=1, tables=("ks.t", "ks.u")) as lab:
        client = NodeClient(lab)
        client.send("DELETE", "/column_family/autocompaction/ks%3At")
        states = [client.send("GET", f"/column_family/autocompaction/ks:{table}").json() for table in "tu"]
        client.close()
    assert states == [False, True]


def test_there_is_no_lab_where_none_was(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="there is no lab"):
        write_backup(tmp_path, BackupRequest(location="localstorage:b"))
    with pytest.raises(TargetError, match="there is no lab"):
        fault(FaultOptions(directory=tmp_path, clear=True))
